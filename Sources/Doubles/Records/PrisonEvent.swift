/// An event as another service publishes it: the `Message` and the event type of an SNS envelope
/// (docs/contract/platform.md §5.2).
public struct PrisonEvent: Sendable, Equatable {
  /// The attribute `eventType` of the message.
  public let eventType: String
  /// The body of the published message: JSON.
  public let message: [UInt8]

  /// Whether it comes from NOMIS itself, on the topic of offender events, and not from a service.
  public var isOffenderEvent: Bool { eventType.first?.isUppercase == true }
}
