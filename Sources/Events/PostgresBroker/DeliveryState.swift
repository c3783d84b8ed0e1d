internal import Postgres
public import Time

/// What has become of a message in one of the queues it was published to.
public struct DeliveryState: Equatable, Sendable {
  /// Where the message is now.
  public enum Place: Equatable, Sendable {
    /// It is there no more: handled, or purged.
    case gone
    /// After so many deliveries it can be received, or is hidden until it can.
    case there(deliveries: Int)
    /// It is in the queue's dead-letter queue, of this name.
    case dead(String)
  }

  /// The queue that was subscribed.
  public let queue: String
  /// What has become of it there.
  public let place: Place
}

extension PostgresTopic {
  /// Follows a message, for people who want to see what becomes of an event. It looks through all messages of the
  /// queues: for development.
  /// - Parameters:
  ///   - id: what ``publish(_:deadline:)`` returned.
  ///   - eventType: the message's attribute, for the subscriptions' filters.
  /// - Returns: one for each queue whose subscription lets such a message through, by name.
  public func deliveryStates(
    of id: String,
    eventType: String,
    deadline: MonotonicInstant
  ) async throws(BrokerError) -> [DeliveryState] {
    do {
      let rows = try await broker.database.query(
        Self.deliveryStates,
        [.text(name), .text(eventType), .text(id)],
        deadline: deadline
      )
      return try rows.map { row in
        let queue = try row.text(0)
        guard let place = try row.optionalText(1), let deliveries = try row.optionalInt64(2) else {
          return DeliveryState(queue: queue, place: .gone)
        }
        return DeliveryState(
          queue: queue,
          place: place == queue ? .there(deliveries: Int(deliveries)) : .dead(place)
        )
      }
    } catch {
      throw BrokerError(error, doing: "follow a message of \(name)")
    }
  }

  /// The id is looked for in the text, as not every message on a queue is JSON.
  private static let deliveryStates = PostgresStatement(
    name: "topic_trail",
    sql: """
      select q.name, m.queue, m.receive_count::bigint
      from gateway_subscription s join gateway_queue q on q.name = s.queue
        left join gateway_queue_message m on m.queue in (q.name, q.dead_letter_queue)
          and strpos(m.body, $3) > 0
      where s.topic = $1 and coalesce((s.filter_policy -> 'eventType') ? $2, true)
      order by q.name
      """
  )
}
