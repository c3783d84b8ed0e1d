/// Why a text is no URL that the client can call. The text itself is left out: it may hold a password.
public enum HTTPURLError: Error, Hashable, Sendable, CustomStringConvertible {
  /// It begins with neither `http://` nor `https://`.
  case unsupportedScheme
  /// The host is missing, or neither a name nor an address.
  case invalidHost
  /// The port is no number from 1 to 65535.
  case invalidPort
  /// A user name or password before the host (RFC 9110 §4.2.4).
  case credentials
  /// A `#` part, which is never sent.
  case fragment
  /// A character that must be percent-encoded, or a malformed `%` sequence (RFC 3986 §2).
  case invalidCharacter

  public var description: String {
    switch self {
    case .unsupportedScheme: "a URL must begin with http:// or https://"
    case .invalidHost: "the host of the URL is missing or malformed"
    case .invalidPort: "the port of the URL must be a number from 1 to 65535"
    case .credentials: "a URL must not hold a user name or password"
    case .fragment: "a URL must not have a fragment (#)"
    case .invalidCharacter: "the URL holds a character that must be percent-encoded"
    }
  }
}
