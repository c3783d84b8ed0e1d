internal import CLinux

/// An IPv4 or IPv6 address with a port. An IPv4 address in its IPv6 form, `::ffff:10.0.0.1`, is the IPv4 address
/// (RFC 4291 §2.5.5.2): so that a peer is the same one whatever family the listener is of.
public struct SocketAddress: Hashable, Sendable, CustomStringConvertible {
  /// A `sockaddr_in` or a `sockaddr_in6`.
  private let bytes: [UInt8]

  private init(bytes: [UInt8]) { self.bytes = bytes }

  init(_ address: UnsafePointer<sockaddr>, length: socklen_t) {
    let bytes = Array(UnsafeRawBufferPointer(start: address, count: Int(length)))
    self.bytes = Self.unmapped(bytes) ?? bytes
  }

  /// Parses a numeric IPv4 or IPv6 address, the latter with or without a zone (`fe80::1%eth0`, RFC 4007 §11); nil for
  /// anything else.
  public init?(numeric host: String, port: UInt16) {
    var v4 = sockaddr_in()
    if inet_pton(AF_INET, host, &v4.sin_addr) == 1 {
      v4.sin_family = sa_family_t(AF_INET)
      v4.sin_port = port.bigEndian
      bytes = withUnsafeBytes(of: v4) { Array($0) }
      return
    }
    var v6 = sockaddr_in6()
    let parts = host.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
    guard let address = parts.first, inet_pton(AF_INET6, String(address), &v6.sin6_addr) == 1 else {
      return nil
    }
    if parts.count > 1 {
      v6.sin6_scope_id = UInt32(parts[1]) ?? if_nametoindex(String(parts[1]))
      guard v6.sin6_scope_id != 0 else { return nil }
    }
    v6.sin6_family = sa_family_t(AF_INET6)
    v6.sin6_port = port.bigEndian
    let bytes = withUnsafeBytes(of: v6) { Array($0) }
    self.bytes = Self.unmapped(bytes) ?? bytes
  }

  /// The `sockaddr_in` for a `sockaddr_in6` that holds an IPv4 address; nil for any other.
  private static func unmapped(_ bytes: [UInt8]) -> [UInt8]? {
    guard bytes.count >= MemoryLayout<sockaddr_in6>.size, Self.family(of: bytes) == AF_INET6,
      bytes[8..<18].allSatisfy({ $0 == 0 }), bytes[18] == 0xff, bytes[19] == 0xff
    else { return nil }
    var v4 = sockaddr_in()
    v4.sin_family = sa_family_t(AF_INET)
    var plain = withUnsafeBytes(of: v4) { Array($0) }
    plain[2] = bytes[2]
    plain[3] = bytes[3]
    plain.replaceSubrange(4..<8, with: bytes[20..<24])
    return plain
  }

  private static func family(of bytes: [UInt8]) -> Int32 {
    guard bytes.count >= 2 else { return AF_UNSPEC }
    return Int32(withUnsafeBytes(of: (bytes[0], bytes[1])) { $0.loadUnaligned(as: sa_family_t.self) })
  }

  /// The four bytes of an IPv4 address or the sixteen of an IPv6 one, in network order.
  var hostBytes: ArraySlice<UInt8> {
    switch family {
    case AF_INET where bytes.count >= 8: bytes[4..<8]
    case AF_INET6 where bytes.count >= 24: bytes[8..<24]
    default: []
    }
  }

  var family: Int32 { Self.family(of: bytes) }

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
