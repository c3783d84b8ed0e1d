/// An event as another service publishes it: `Message` and event type of the samples in samples/consumed.
public struct PrisonEvent: Sendable, Equatable {
  public let eventType: String
  /// The body of the published message: JSON.
  public let message: [UInt8]

  /// Whether it comes from NOMIS itself, on the topic of offender events, and not from a service.
  public var isOffenderEvent: Bool { eventType.first?.isUppercase == true }
}
