import Foundation

/// A request that is sent in parts over a blocking socket.
final class SlowRequest: Sendable {
  private let descriptor: Int32

  /// Connects and sends the first part.
  init(port: UInt16, _ text: String) throws {
    descriptor = try SocketClient.connect(port: port, patience: 30)
    try send(text)
  }

  deinit { close(descriptor) }

  func send(_ text: String) throws {
    guard Glibc.send(descriptor, text, text.utf8.count, Int32(MSG_NOSIGNAL)) == text.utf8.count else {
      throw SocketFailure(description: "send: errno \(errno)")
    }
  }

  /// What the server has sent, up to and with that text, or to its end.
  func received(until end: String? = nil) async throws -> String {
    try await withCheckedThrowingContinuation { continuation in
      DispatchQueue.global().async {
        continuation.resume(
          with: Result {
            var bytes: [UInt8] = []
            var byte: UInt8 = 0
            while end.map({ !bytes.reversed().starts(with: $0.utf8.reversed()) }) ?? true {
              let count = recv(self.descriptor, &byte, 1, 0)
              guard count >= 0 else { throw SocketFailure(description: "recv: errno \(errno)") }
              guard count > 0 else { break }
              bytes.append(byte)
            }
            return String(decoding: bytes, as: UTF8.self)
          }
        )
      }
    }
  }
}
