/// What a user did, for the audit queue (docs/contract/platform.md §5.6).
public struct AuditMessage: Equatable, Sendable {
  /// What was done: `NON_ASSOCIATION_CREATED`.
  public let what: String
  /// As in ``DomainEvent/subject``.
  public let subject: String
  /// The id of the record, as telemetry names it.
  public let record: String
  /// The message: JSON in UTF-8 with the keys of docs/contract/platform.md §5.6, complete and final.
  public let message: [UInt8]

  /// - Parameters:
  ///   - what: what was done.
  ///   - subject: as in ``DomainEvent/subject``.
  ///   - record: the id of the record, as telemetry names it.
  ///   - message: JSON in UTF-8, complete and final.
  public init(what: String, subject: String, record: String, message: [UInt8]) {
    self.what = what
    self.subject = subject
    self.record = record
    self.message = message
  }
}
