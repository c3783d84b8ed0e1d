/// What a user did, for the audit queue (`platform.md` §5.6).
public struct AuditMessage: Equatable, Sendable {
  /// What was done: `NON_ASSOCIATION_CREATED`.
  public let what: String
  /// As in ``DomainEvent/subject``.
  public let subject: String
  /// The id of the record, as telemetry names it.
  public let record: String
  /// The message: JSON in UTF-8 with the keys of §5.6, complete and final.
  public let message: [UInt8]

  public init(what: String, subject: String, record: String, message: [UInt8]) {
    self.what = what
    self.subject = subject
    self.record = record
    self.message = message
  }
}
