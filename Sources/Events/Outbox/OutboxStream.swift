/// A stream of an outbox: the rows of one module and one kind, which are published in order for each subject.
struct OutboxStream: Hashable, Sendable {
  /// Where rows go.
  enum Kind: String, Sendable {
    /// To the module's topic.
    case event
    /// To the audit queue.
    case audit
  }

  let module: String
  let kind: Kind

  /// What a notification about it says.
  var name: String { "\(module)/\(kind.rawValue)" }
}
