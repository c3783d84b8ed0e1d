/// Scheme, host and port: what a connection belongs to (RFC 9110 §4.3.1).
public struct HTTPOrigin: Sendable, Hashable, CustomStringConvertible {
  public enum Scheme: String, Sendable {
    case http
    case https

    /// The port a URL of this scheme means when it names none.
    public var defaultPort: UInt16 { self == .http ? 80 : 443 }
  }

  public let scheme: Scheme
  /// A name in lower case, or a numeric address without brackets.
  public let host: String
  public let port: UInt16

  init(scheme: Scheme, host: String, port: UInt16) {
    self.scheme = scheme
    self.host = host
    self.port = port
  }

  /// The value of `Host`: the port only when it is not the scheme's own, IPv6 addresses in brackets (RFC 9110 §7.2).
  public var authority: String {
    let name = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
    return port == scheme.defaultPort ? name : "\(name):\(port)"
  }

  public var description: String { "\(scheme.rawValue)://\(authority)" }
}
