import Foundation

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
