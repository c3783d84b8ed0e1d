internal import JSON
internal import ServiceKit

/// How long a message is hidden after its handler failed (`platform.md` §5.4): lists of seconds, by delivery.
public struct ErrorVisibility: Equatable, Sendable {
  /// The queue's list, or the service's default.
  public let timeouts: [Int]
  /// Lists for single event types, which come first.
  public let eventTimeouts: [String: [Int]]

  /// - Parameters:
  ///   - timeouts: seconds after the first, second, … delivery; the last one holds for all later ones, an empty list
  ///     means none.
  ///   - eventTimeouts: the same for single event types.
  public init(_ timeouts: [Int], eventTimeouts: [String: [Int]] = [:]) {
    self.timeouts = timeouts
    self.eventTimeouts = eventTimeouts
  }

  /// What non-associations uses: at once.
  public static let immediate = ErrorVisibility([0])
  /// What restricted patients uses.
  public static let growing = ErrorVisibility([1, 10, 60, 600])

  /// What follows a failure.
  struct Decision: Equatable {
    var seconds: Int
    /// Whether the broker will move the message to the dead-letter queue next.
    var isLast: Bool
  }

  func list(for eventType: String?) -> [Int] { eventType.flatMap { eventTimeouts[$0] } ?? timeouts }

  /// - Parameter maxReceiveCount: nil where there is no dead-letter queue, or its policy is not known.
  func decision(eventType: String?, receiveCount: Int, maxReceiveCount: Int?) -> Decision {
    // More than the greatest number of times where the queue's policy has been changed meanwhile.
    if let maxReceiveCount, receiveCount >= maxReceiveCount { return Decision(seconds: 0, isLast: true) }
    let list = list(for: eventType)
    guard let last = list.last else { return Decision(seconds: 0, isLast: false) }
    let index = max(1, receiveCount) - 1
    return Decision(seconds: list.indices.contains(index) ? list[index] : last, isLast: false)
  }

  /// The event type that the rule goes by: of the envelope's attribute if the body speaks of attributes, else of the
  /// queue's own.
  /// - Throws: `JSONError` for a body that speaks of attributes and is not JSON: the rule then does nothing.
  static func eventType(of message: ReceivedMessage) throws(JSONError) -> String? {
    let own = message.attributes["eventType"]?.value
    guard String(decoding: message.body, as: UTF8.self).contains("MessageAttributes") else { return own }
    guard case .object(let members) = try JSONValue(parsing: message.body, .lenient) else { return own }
    return MessageAttribute.attributes(members["MessageAttributes"])["eventType"]?.value ?? own
  }
}
