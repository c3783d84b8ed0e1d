internal import CLinux

extension SocketAddress {
  /// Whether the address is of no use outside of a site, so that nobody on the internet has it: loopback, private
  /// (RFC 1918; fc00::/7 of RFC 4193), link-local (169.254/16; fe80::/10 of RFC 4291) or shared (100.64/10, RFC 6598).
  public var isPrivate: Bool {
    let host = Array(hostBytes)
    switch host.count {
    case 4:
      return switch (host[0], host[1]) {
      case (10, _), (127, _), (172, 16...31), (192, 168), (169, 254), (100, 64...127): true
      default: false
      }
    case 16:
      return host[0] & 0xfe == 0xfc || host[0] == 0xfe && host[1] & 0xc0 == 0x80
        || isLoopback
    default: return false
    }
  }

  /// Whether only this machine has it: 127/8 and `::1` (RFC 6890).
  public var isLoopback: Bool {
    let host = Array(hostBytes)
    return host.count == 4 ? host[0] == 127 : host.last == 1 && host.dropLast().allSatisfy { $0 == 0 }
  }

  /// `::` or `0.0.0.0`: every address of the machine.
  public var isWildcard: Bool { !hostBytes.isEmpty && hostBytes.allSatisfy { $0 == 0 } }

  /// Where to listen when this address is asked for: on a machine without IPv6 its wildcard is that of IPv4.
  public func usable(hasIPv6: Bool = Self.machineHasIPv6) -> SocketAddress {
    guard isWildcard, family == AF_INET6, !hasIPv6 else { return self }
    return SocketAddress(numeric: "0.0.0.0", port: port) ?? self
  }

  /// Whether the kernel makes sockets of that family.
  public static var machineHasIPv6: Bool {
    do throws(SystemError) {
      _ = try Socket.make(family: AF_INET6)
      return true
    } catch {
      return error.errno != EAFNOSUPPORT
    }
  }
}
