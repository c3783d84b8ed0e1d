/// A proxy that calls of other services go by (RFC 9110 §9.3.6, CONNECT), and the hosts that it is not for.
public struct HTTPProxy: Sendable, Hashable, CustomStringConvertible {
  /// A name in lower case, or a numeric address without brackets.
  public let host: String
  public let port: UInt16
  private let exceptions: [HostPattern]

  /// What a URL means that names no port.
  public static let defaultPort: UInt16 = 3128

  /// - Parameters:
  ///   - text: as `HTTPS_PROXY` has it: a URL, of which host and port count. The scheme may be missing; a user name and
  ///     a password are not used.
  ///   - exceptions: as `NO_PROXY` has it: host names with commas between, in any case. `*` stands for any text, and
  ///     `.x` for `*.x`. Nothing else is implied: neither `localhost`, nor ports, nor ranges of addresses.
  /// - Throws: `HTTPURLError`.
  public init(_ text: String, except exceptions: String = "") throws(HTTPURLError) {
    let text = Self.trimmed(text[...])
    var rest = text
    if let mark = text.firstRange(of: "://") {
      guard HTTPOrigin.Scheme(rawValue: text[..<mark.lowerBound].lowercased()) != nil else {
        throw .unsupportedScheme
      }
      rest = text[mark.upperBound...]
    }
    var authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    if let at = authority.lastIndex(of: "@") { authority = authority[at...].dropFirst() }
    let origin = try HTTPURL("http://\(authority)").origin
    host = origin.host
    let afterHost = authority.hasPrefix("[") ? authority.drop { $0 != "]" } : authority
    port = afterHost.contains(":") ? origin.port : Self.defaultPort
    self.exceptions = exceptions.split(separator: ",").map { Self.trimmed($0) }.filter { !$0.isEmpty }
      .map { HostPattern($0) }
  }

  /// Whether a call of `host` goes by it.
  public func serves(_ host: String) -> Bool { !exceptions.contains { $0.matches(host) } }

  public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

  private static func trimmed(_ text: Substring) -> Substring {
    var text = text.drop { $0.isWhitespace }
    while text.last?.isWhitespace ?? false { text.removeLast() }
    return text
  }
}

/// A host name in which `*` stands for any text.
private struct HostPattern: Sendable, Hashable {
  private let bytes: [UInt8]

  init(_ text: Substring) {
    bytes = Array((text.hasPrefix(".") ? "*" + text : String(text)).lowercased().utf8)
  }

  /// Whether it stands for the whole of `host`, in any case. Of several stars only the last one is gone back to, so that
  /// the time is bounded by the product of both lengths.
  func matches(_ host: String) -> Bool {
    let host = Array(host.lowercased().utf8)
    var (position, index) = (0, 0)
    var star: (position: Int, index: Int)?
    while index < host.count {
      if position < bytes.count, bytes[position] == UInt8(ascii: "*") {
        star = (position, index)
        position += 1
      } else if position < bytes.count, bytes[position] == host[index] {
        position += 1
        index += 1
      } else if let last = star {
        star = (last.position, last.index + 1)
        (position, index) = (last.position + 1, last.index + 1)
      } else {
        return false
      }
    }
    return bytes[position...].allSatisfy { $0 == UInt8(ascii: "*") }
  }
}
