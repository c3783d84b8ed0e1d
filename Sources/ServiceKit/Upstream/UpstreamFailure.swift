/// Why a call of another service gave nothing.
public enum UpstreamFailure: Error, Equatable {
  /// An answer other than success.
  public struct Answer: Equatable, Sendable {
    public var code: Int
    /// The registered phrase of the code, whatever the upstream wrote; empty if it has none.
    public var reason: String
    /// What was asked, without the query: `GET https://host/path`.
    public var place: String

    public init(code: Int, reason: String, place: String) {
      self.code = code
      self.reason = reason
      self.place = place
    }

    /// What the services replaced say.
    public var text: String { "\(code)\(reason.isEmpty ? "" : " " + reason) from \(place)" }
  }

  case refused(Answer)
  /// No answer, or no token to ask with. The text is for the caller, the cause for the log.
  case noAnswer(text: String, cause: String, mayHaveHappened: Bool)
  /// Success, with a body that is not what it should be.
  case unreadable(text: String, cause: String)

  /// Whether a change that was asked for may have been made nevertheless. A gateway's 502 or 504 speaks of the gateway,
  /// not of the service behind it.
  public var mayHaveHappened: Bool {
    switch self {
    case .refused(let answer): answer.code == 502 || answer.code == 504
    case .noAnswer(_, _, let mayHaveHappened): mayHaveHappened
    case .unreadable: true
    }
  }
}

extension UpstreamFailure: CustomStringConvertible {
  /// For logs: names no prisoner, and so no path.
  public var description: String {
    switch self {
    case .refused(let answer):
      "upstream answered \(answer.code) to a \(answer.place.prefix { $0 != " " })"
    case .noAnswer(_, let cause, _): "no answer from upstream: \(cause)"
    case .unreadable(_, let cause): "unreadable answer from upstream: \(cause)"
    }
  }
}
