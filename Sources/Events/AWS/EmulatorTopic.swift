internal import Synchronization
public import Time

/// A topic of an emulator. Its ARN is known once the emulator has made the topic: one with a default name may lie in
/// another account or region than the name says.
public final class EmulatorTopic: Topic {
  private enum Place {
    case at(String)
    case nowhere(BrokerError)
  }

  /// The setting that names the topic, with the ARN as its text.
  public let configured: BrokerNames.Name
  private let broker: AWSBroker
  private let place: Mutex<Place>

  /// - Parameter configured: with the ARN as its text.
  init(_ configured: BrokerNames.Name, broker: AWSBroker) {
    self.configured = configured
    self.broker = broker
    place = Mutex(.nowhere(BrokerError(.unavailable, "the emulator has not been reached yet")))
  }

  public var name: String { BrokerARN.name(configured.text) }
  public var system: String { "aws.sns" }

  public func publish(
    _ message: OutgoingMessage,
    deadline: MonotonicInstant
  ) async throws(BrokerError) -> String {
    try await topic().publish(message, deadline: deadline)
  }

  public func status(deadline: MonotonicInstant) async throws(BrokerError) -> TopicStatus {
    try await topic().status(deadline: deadline)
  }

  private func topic() throws(BrokerError) -> SNSTopic {
    switch place.withLock({ $0 }) {
    case .at(let arn): broker.topic(arn: arn)
    case .nowhere(let error): throw error
    }
  }

  /// The topic is at `arn`, as the emulator says; nil if it has none of the name.
  /// - Returns: what is wrong with the configured ARN; nil if nothing is.
  @discardableResult func found(at arn: String?) -> String? {
    let complaint = Self.complaint(configured, found: arn)
    place.withLock { place in
      if let complaint {
        place = .nowhere(BrokerError(.misconfigured, complaint))
      } else if let arn {
        place = .at(arn)
      } else {
        place = .nowhere(BrokerError(.notFound, "the emulator has no topic \(name)"))
      }
    }
    return complaint
  }

  /// The emulator cannot be asked. A place that is known stays.
  func lost(_ error: BrokerError) {
    place.withLock { place in
      if case .nowhere = place { place = .nowhere(error) }
    }
  }

  /// A configured ARN must be the emulator's; for a default one, the emulator's is used.
  static func complaint(_ configured: BrokerNames.Name, found arn: String?) -> String? {
    guard let arn, arn != configured.text, !configured.isDefault else { return nil }
    return "\(configured.variable): the emulator has \(arn), not \(configured.text): "
      + "correct the account and the region, or leave the variable out"
  }
}
