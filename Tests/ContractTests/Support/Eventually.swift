import Foundation
import Time

/// Waits until something is so, at most thirty seconds where a test does not say otherwise.
func eventually(within limit: Duration = .seconds(30), _ condition: () async throws -> Bool) async throws {
  let end = MonotonicInstant.now() + limit
  while try await !condition() {
    guard MonotonicInstant.now() < end else { throw SocketFailure(description: "it did not come to pass") }
    try await Task.sleep(for: .milliseconds(5))
  }
}

/// A request whose sender goes away.
struct AbandonedRequest {
  private let descriptor: Int32

  init(port: UInt16, sending text: String) throws {
    descriptor = try SocketClient.connect(port: port, patience: 30)
    guard Glibc.send(descriptor, text, text.utf8.count, Int32(MSG_NOSIGNAL)) > 0 else {
      throw SocketFailure(description: "cannot send")
    }
  }

  func close() { Glibc.close(descriptor) }
}
