import Foundation

/// A request that is sent in parts over a blocking socket.
final class SlowRequest: Sendable {
  private let descriptor: Int32

  /// Connects and sends the first part.
  init(port: UInt16, _ text: String) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var limit = timeval(tv_sec: 30, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let connected = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard connected == 0 else { throw SocketFailure(description: "connect: errno \(errno)") }
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
