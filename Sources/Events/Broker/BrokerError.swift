/// Why a broker did not do what it was asked.
public struct BrokerError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What a caller can do about it.
  public enum Kind: Sendable {
    /// It could not be reached, did not answer in time, said that something of its own failed, or something between us
    /// and it answered in its place.
    case unavailable
    /// It asked to be called less often.
    case throttled
    /// It says itself that there is no such topic or queue.
    case notFound
    /// The credentials are missing, expired, or may not do this.
    case denied
    /// It does not do this as things are set up: an encryption key that is off, an account, an address, a parameter
    /// other than the message. A person can change that.
    case misconfigured
    /// It will never accept what it was given, whatever is set up: a message too large, characters that it does not
    /// allow, a receipt that is no more. Of all kinds only this one is the message's own fault.
    case refused
  }

  /// Decides whether the call is tried again, and what a person has to do.
  public let kind: Kind
  /// What was asked and what was answered, for a log. Never a message's body.
  public let description: String

  /// - Parameter description: what was asked and what was answered; never a message's body.
  public init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = description
  }

  /// Whether the same call may succeed later.
  public var isTemporary: Bool { kind == .unavailable || kind == .throttled }
}
