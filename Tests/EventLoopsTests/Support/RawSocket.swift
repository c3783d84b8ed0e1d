import CLinux
import Foundation
import Testing

/// A socket used as plainly as the kernel allows, to do what a `ByteStream` does not.
struct RawSocket: ~Copyable {
  let descriptor: Int32

  /// - Parameter flags: `SOCK_NONBLOCK` and its like.
  init(flags: Int32 = 0) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | flags, 0)
    try #require(descriptor >= 0)
  }

  deinit { _ = CLinux.close(descriptor) }

  private static func withLoopback<Result>(
    _ port: UInt16,
    _ body: (UnsafeMutablePointer<sockaddr>, socklen_t) -> Result
  ) -> Result {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }

  /// - Returns: what the call returns.
  func connect(port: UInt16) -> Int32 { Self.withLoopback(port) { CLinux.connect(descriptor, $0, $1) } }

  /// - Returns: the port it is bound to.
  func bind() throws -> UInt16 {
    try #require(Self.withLoopback(0) { CLinux.bind(descriptor, $0, $1) } == 0)
    return Self.withLoopback(0) { address, length in
      var length = length
      getsockname(descriptor, address, &length)
      return address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
        UInt16(bigEndian: $0.pointee.sin_port)
      }
    }
  }

  func send(_ text: String) throws {
    let bytes = Array(text.utf8)
    try #require(CLinux.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count)
  }

  /// Makes the close, which follows, a reset (RFC 9293 §3.10.4, "abort").
  consuming func reset() throws {
    var linger = linger(l_onoff: 1, l_linger: 0)
    try #require(
      setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size)) == 0
    )
  }
}

/// How many descriptors of this process are connected or listening TCP sockets with that port at one end.
func openSockets(port: UInt16) throws -> Int {
  try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap { Int32($0) }.filter {
    descriptor in
    portOf(descriptor, getsockname) == port || portOf(descriptor, getpeername) == port
  }.count
}

private func portOf(
  _ descriptor: Int32,
  _ call: (Int32, UnsafeMutablePointer<sockaddr>?, UnsafeMutablePointer<socklen_t>?) -> Int32
) -> UInt16? {
  var address = sockaddr_in()
  var length = socklen_t(MemoryLayout<sockaddr_in>.size)
  let result = withUnsafeMutablePointer(to: &address) {
    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { call(descriptor, $0, &length) }
  }
  return result == 0 && address.sin_family == sa_family_t(AF_INET) ? UInt16(bigEndian: address.sin_port) : nil
}

/// How many sockets of this machine are being connected to that port, without an answer so far.
func pendingConnects(port: UInt16) throws -> Int {
  let wanted = String(format: ":%04X", Int(port))
  // String(contentsOfFile:) stops after the first page of such a file.
  let file = try #require(FileHandle(forReadingAtPath: "/proc/net/tcp"))
  let table = String(decoding: try file.readToEnd() ?? Data(), as: UTF8.self)
  return table.split(separator: "\n").filter { line in
    let fields = line.split(separator: " ")
    return fields.count > 3 && fields[2].hasSuffix(wanted) && fields[3] == "02"
  }.count
}
