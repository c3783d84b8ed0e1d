import EventLoops
import Foundation

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
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let connected = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard connected == 0, Glibc.send(descriptor, text, text.utf8.count, Int32(MSG_NOSIGNAL)) > 0 else {
      throw SocketFailure(description: "cannot send")
    }
  }

  func close() { Glibc.close(descriptor) }
}
