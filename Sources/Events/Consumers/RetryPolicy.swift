/// When a message is retried after its handler failed (docs/contract/platform.md §5.4): delays in seconds by receive
/// count, for all event types or single ones.
public struct RetryPolicy: Equatable, Sendable {
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
  public static let immediate = RetryPolicy([0])
  /// What restricted patients uses.
  public static let growing = RetryPolicy([1, 10, 60, 600])

  /// What follows a failure.
  package struct Decision: Equatable, Sendable {
    /// How long the message stays hidden.
    package var seconds: Int
    /// Whether the broker will move the message to the dead-letter queue next.
    package var isLast: Bool
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
}
