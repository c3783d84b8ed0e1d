internal import CLinux

/// An IPv4 or IPv6 address with a port.
public struct SocketAddress: Hashable, Sendable, CustomStringConvertible {
  private let bytes: [UInt8]

  private init(bytes: [UInt8]) { self.bytes = bytes }

  init(_ address: UnsafePointer<sockaddr>, length: socklen_t) {
    bytes = Array(UnsafeRawBufferPointer(start: address, count: Int(length)))
  }

  /// Parses a numeric IPv4 or IPv6 address; nil for anything else.
  public init?(numeric host: String, port: UInt16) {
    var v4 = sockaddr_in()
    var v6 = sockaddr_in6()
    if inet_pton(AF_INET, host, &v4.sin_addr) == 1 {
      v4.sin_family = sa_family_t(AF_INET)
      v4.sin_port = port.bigEndian
      bytes = withUnsafeBytes(of: v4) { Array($0) }
    } else if inet_pton(AF_INET6, host, &v6.sin6_addr) == 1 {
      v6.sin6_family = sa_family_t(AF_INET6)
      v6.sin6_port = port.bigEndian
      bytes = withUnsafeBytes(of: v6) { Array($0) }
    } else {
      return nil
    }
  }

  var family: Int32 { withPointer { address, _ in Int32(address.pointee.sa_family) } }

  /// The port, 0 for an address that has none.
  public var port: UInt16 {
    // The port follows the two-byte family in both sockaddr_in and sockaddr_in6, in network order.
    bytes.count >= 4 ? UInt16(bytes[2]) << 8 | UInt16(bytes[3]) : 0
  }

  /// The same host with another port.
  func withPort(_ port: UInt16) -> SocketAddress {
    var copy = bytes
    if copy.count >= 4 {
      copy[2] = UInt8(port >> 8)
      copy[3] = UInt8(port & 0xFF)
    }
    return SocketAddress(bytes: copy)
  }

  /// The numeric host, without port or brackets.
  public var host: String {
    var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
    let result = withPointer { address, length in
      getnameinfo(address, length, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
    }
    guard result == 0 else { return "?" }
    return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  public var description: String { family == AF_INET6 ? "[\(host)]:\(port)" : "\(host):\(port)" }

  func withPointer<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
    // sockaddr_storage is aligned for, and at least as large as, every address family.
    var storage = sockaddr_storage()
    withUnsafeMutableBytes(of: &storage) { $0.copyBytes(from: bytes.prefix($0.count)) }
    return withUnsafePointer(to: &storage) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(bytes.count)) }
    }
  }

  static func local(of descriptor: Int32) -> SocketAddress? { name(descriptor, getsockname) }
  static func remote(of descriptor: Int32) -> SocketAddress? { name(descriptor, getpeername) }

  private static func name(
    _ descriptor: Int32,
    _ call: (Int32, UnsafeMutablePointer<sockaddr>?, UnsafeMutablePointer<socklen_t>?) -> Int32
  ) -> SocketAddress? {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    return withUnsafeMutablePointer(to: &storage) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        call(descriptor, address, &length) == 0 ? SocketAddress(address, length: length) : nil
      }
    }
  }
}
