/// Why no token could be had for calling another service (docs/contract/upstreams.md §2.2).
public enum UpstreamTokenError: Error, Sendable, Hashable {
  /// The issuer said 400 and why (RFC 6749 §5.2).
  case refused(error: String, description: String)
  /// The issuer answered with something that is no token: another status, or a body that cannot be used.
  case invalidResponse(reason: String)
  /// The issuer could not be reached.
  case unreachable(reason: String)
  /// The issuer, or the waiting caller's own time, ran out.
  case timedOut
  /// The waiting task was cancelled.
  case cancelled

  /// What the services replaced say, after `Unexpected error: `. Holds no secret.
  public var text: String {
    switch self {
    case .refused(let error, let description): "[\(error)] \(description)"
    case .invalidResponse(let reason):
      "[invalid_token_response] An error occurred while attempting to retrieve the OAuth 2.0 Access Token Response: "
        + reason
    case .unreachable(let reason): reason
    case .timedOut: "The token request timed out"
    case .cancelled: "The token request was cancelled"
    }
  }
}
