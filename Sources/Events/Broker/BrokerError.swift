/// Why a broker did not do what it was asked.
public struct BrokerError: Error, Equatable, Sendable, CustomStringConvertible {
  public enum Kind: Sendable {
    /// It could not be reached, did not answer in time, or said that something of its own failed.
    case unavailable
    /// It asked to be called less often.
    case throttled
    /// There is no such topic or queue.
    case notFound
    /// The credentials are missing, expired, or may not do this.
    case denied
    /// It will never accept this: a message too large, a receipt that is no more, a name it does not allow.
    case refused
  }

  public let kind: Kind
  /// What was asked and what was answered, for a log. Never a message's body.
  public let description: String

  public init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = description
  }

  /// Whether the same call may succeed later.
  public var isTemporary: Bool { kind == .unavailable || kind == .throttled }
}
