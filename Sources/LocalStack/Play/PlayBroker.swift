public import Doubles

/// Where the events of a play go, and what becomes of them.
public struct PlayBroker: Sendable {
  /// One queue that took a message.
  public struct Delivery: Sendable, Equatable {
    /// Where the message is now.
    public enum State: Sendable, Equatable {
      /// It is gone from the queue: handled.
      case handled
      /// It is there, for the first time or again, after so many deliveries.
      case waiting(deliveries: Int)
      /// It lies in this dead-letter queue.
      case dead(String)
    }

    /// The queue's name.
    public let queue: String
    /// What has become of the message there.
    public let state: State

    public init(queue: String, state: State) {
      self.queue = queue
      self.state = state
    }

    var line: String {
      switch state {
      case .handled: "\(queue): handled"
      case .waiting(0): "\(queue): waiting for its first delivery"
      case .waiting(let count):
        "\(queue): delivered \(count) \(count == 1 ? "time" : "times"), not done; it comes again"
      case .dead(let name): "\(queue): not done, and now in the dead-letter queue \(name)"
      }
    }
  }

  /// - Returns: the broker's id of the message.
  public typealias Publish = @Sendable (PrisonEvent) async throws -> String
  /// Where a message went that was published under this id.
  public typealias Trail = @Sendable (PrisonEvent, _ messageID: String) async throws -> [Delivery]

  /// Publishes an event.
  public let publish: Publish
  let trail: Trail

  public init(publish: @escaping Publish, trail: @escaping Trail) {
    self.publish = publish
    self.trail = trail
  }
}
