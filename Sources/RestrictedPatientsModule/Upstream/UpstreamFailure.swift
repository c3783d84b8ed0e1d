/// What came of a call of another service, if not what was asked for (`restricted-patients.md` §6.4).
enum UpstreamFailure: Error, Equatable {
  /// An answer other than success.
  struct Answer: Equatable, Sendable {
    var code: Int
    var reason: String
    var method: String
    /// Without the query.
    var url: String

    /// What the services replaced say.
    var text: String { "\(code)\(reason.isEmpty ? "" : " " + reason) from \(method) \(url)" }
  }

  case refused(Answer)
  /// No answer, or no token to ask with. The text is for the caller, the cause for the log.
  case noAnswer(text: String, cause: String, mayHaveHappened: Bool)
  /// Success, with a body that is not what it should be.
  case unreadable(text: String, cause: String)

  /// Whether a change that was asked for may have been made nevertheless. A gateway's 502 or 504 speaks of the gateway,
  /// not of the service behind it.
  var mayHaveHappened: Bool {
    switch self {
    case .refused(let answer): answer.code == 502 || answer.code == 504
    case .noAnswer(_, _, let mayHaveHappened): mayHaveHappened
    case .unreadable: true
    }
  }
}

extension UpstreamFailure: CustomStringConvertible {
  /// For logs: names no prisoner, and so no path.
  var description: String {
    switch self {
    case .refused(let answer): "upstream answered \(answer.code) to a \(answer.method)"
    case .noAnswer(_, let cause, _): "no answer from upstream: \(cause)"
    case .unreadable(_, let cause): "unreadable answer from upstream: \(cause)"
    }
  }
}
