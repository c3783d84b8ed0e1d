import Glibc

/// A blocking TCP connection that sends bytes as they are, for tests that must control each of them. Every
/// call ends within ten seconds. Used by one task at a time, but for `drip()`.
final class RawConnection: @unchecked Sendable {
  struct Response {
    var status: Int
    var head: String
    var body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }

    /// The values of a field, in order.
    func values(_ name: String) -> [String] {
      head.split(separator: "\r\n").compactMap { line in
        let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].lowercased() == name.lowercased() else { return nil }
        return String(parts[1].drop { $0 == " " })
      }
    }

    subscript(_ name: String) -> String? { values(name).first }
  }

  struct Failure: Error, CustomStringConvertible {
    let description: String
    /// Whether nobody listened.
    var isRefusal = false
  }

  private var descriptor: Int32
  private var received: [UInt8] = []
  /// Whether the server has closed its side.
  private(set) var isEnded = false
  private var endError: Int32 = 0

  init(port: UInt16, receiveBufferBytes: Int32? = nil) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { throw Failure(description: "socket: \(errno)") }
    var limit = timeval(tv_sec: 10, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    if var bytes = receiveBufferBytes {
      setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &bytes, socklen_t(MemoryLayout<Int32>.size))
    }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard result == 0 else {
      let failure = Failure(description: "connect: \(errno)", isRefusal: errno == ECONNREFUSED)
      Glibc.close(descriptor)
      throw failure
    }
    var one: Int32 = 1
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
  }

  deinit { close() }

  func close() {
    guard descriptor >= 0 else { return }
    Glibc.close(descriptor)
    descriptor = -1
  }

  /// Closes with a reset instead of an orderly end.
  func reset() {
    var linger = linger(l_onoff: 1, l_linger: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
    close()
  }

  func finishWriting() { shutdown(descriptor, Int32(SHUT_WR)) }

  @discardableResult
  func send(_ text: String) -> Bool { send(Array(text.utf8)) }

  /// Sends one byte of a field's name; may be called while another thread reads.
  func drip() {
    var byte: UInt8 = 0x41
    Glibc.send(descriptor, &byte, 1, Int32(MSG_NOSIGNAL))
  }

  /// Sends all bytes, or as many as the server takes before it closes.
  /// - Returns: whether it took all.
  @discardableResult
  func send(_ bytes: [UInt8]) -> Bool {
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return false }
      sent += count
    }
    return true
  }

  /// Reads more; false at the end of the stream.
  private func receive() throws -> Bool {
    guard !isEnded else { return false }
    var space = [UInt8](repeating: 0, count: 65_536)
    let count = recv(descriptor, &space, space.count, 0)
    if count < 0, errno == EAGAIN {
      throw Failure(
        description: "nothing came within 10 s; so far: \(String(decoding: received, as: UTF8.self))"
      )
    }
    guard count > 0 else {
      isEnded = true
      endError = count < 0 ? errno : 0
      return false
    }
    received += space[0..<count]
    return true
  }

  /// Whether the connection was reset; false when the server ended it in order. Call it at the end of the stream.
  var wasReset: Bool {
    var byte: UInt8 = 0
    return isEnded && (endError == ECONNRESET || recv(descriptor, &byte, 1, 0) < 0)
  }

  /// Everything until the server closes.
  func readToEnd() throws -> [UInt8] {
    while try receive() {}
    defer { received = [] }
    return received
  }

  /// Waits for the server's close and says whether nothing came before it.
  func isClosedSilently() throws -> Bool { try readToEnd().isEmpty }

  /// The next response, interim ones included.
  func response(toHead: Bool = false) throws -> Response {
    var searched = 0
    var headEnd: Int?
    while headEnd == nil {
      if received.count >= 4 {
        headEnd = (searched...(received.count - 4)).first {
          received[$0..<$0 + 4].elementsEqual([13, 10, 13, 10])
        }
        searched = max(0, received.count - 4)
      }
      if headEnd == nil, try !receive() {
        throw Failure(description: "closed before a response: \(String(decoding: received, as: UTF8.self))")
      }
    }
    guard let headEnd else { throw Failure(description: "no head") }
    let length = headEnd + 4
    let head = String(decoding: received[0..<headEnd], as: UTF8.self)
    var response = Response(status: Int(head.dropFirst(9).prefix(3)) ?? 0, head: head, body: [])
    received.removeSubrange(0..<length)
    let bodyLength = toHead ? 0 : response["content-length"].flatMap { Int($0) } ?? 0
    while received.count < bodyLength {
      guard try receive() else { throw Failure(description: "closed within a body") }
    }
    response.body = Array(received[0..<bodyLength])
    received.removeSubrange(0..<bodyLength)
    return response
  }
}

/// A listening socket that shares its port with nobody.
final class BlockingListener {
  private let descriptor: Int32
  let port: UInt16

  init() throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let descriptor = descriptor
    let result = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        bind(descriptor, pointer, length) == 0 && listen(descriptor, 1) == 0
          && getsockname(descriptor, pointer, &length) == 0
      }
    }
    guard result else { throw RawConnection.Failure(description: "listen: \(errno)") }
    port = UInt16(bigEndian: address.sin_port)
  }

  deinit { Glibc.close(descriptor) }
}
