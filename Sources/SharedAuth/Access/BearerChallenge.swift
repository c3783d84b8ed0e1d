/// The values of `WWW-Authenticate` that go with a 401 (RFC 6750 §3, RFC 9728 §5.1, docs/contract/platform.md §1.6).
public struct BearerChallenge: Sendable {
  private let metadata: String?

  /// - Parameters:
  ///   - scheme: `https` or `http`, as the caller sees the service (`X-Forwarded-Proto` if the peer is trusted).
  ///   - host: host and port, likewise. One that cannot stand in a URL or a quoted string leaves the metadata out.
  public init(scheme: String, host: String) {
    let isPlain = !host.isEmpty && host.utf8.allSatisfy(Self.isHostCharacter)
    metadata =
      isPlain
      ? "resource_metadata=\"\(scheme == "https" ? "https" : "http")://\(host)/.well-known/oauth-protected-resource\""
      : nil
  }

  /// Form A: no token came.
  public var missingToken: String { (["Bearer"] + parameters([])).joined(separator: " ") }

  /// Form B: the token is refused.
  /// - Parameter description: why. A text that a quoted string could not hold as it is becomes `Invalid token`.
  public func invalidToken(_ description: String) -> String {
    let isPlain = description.utf8.allSatisfy { (0x20..<0x7f).contains($0) && $0 != 0x22 && $0 != 0x5c }
    let given = [
      "error=\"invalid_token\"",
      "error_description=\"\(isPlain ? description : "Invalid token")\"",
      "error_uri=\"https://tools.ietf.org/html/rfc6750#section-3.1\"",
    ]
    return "Bearer " + parameters(given).joined(separator: ", ")
  }

  /// The value that goes with `error`; nil if the answer has none, because it is no 401.
  public func value(for error: TokenError) -> String? {
    switch error {
    case .missing: missingToken
    case .invalid(let description): invalidToken(description)
    case .keysUnavailable: nil
    }
  }

  private func parameters(_ given: [String]) -> [String] { given + (metadata.map { [$0] } ?? []) }

  /// What RFC 3986 §3.2.2 lets a host and a port consist of, less what needs escaping here.
  private static func isHostCharacter(_ character: UInt8) -> Bool {
    switch character {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
      UInt8(ascii: "~"), UInt8(ascii: ":"), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "%"):
      true
    default: false
    }
  }
}
