internal import JSON
internal import Postgres
internal import ServiceKit
public import Time

/// A topic in the database of a ``PostgresBroker``.
public struct PostgresTopic: Topic {
  let arn: String
  let broker: PostgresBroker
  private let sender: BatchingSender<Published>

  public var name: String { BrokerARN.name(arn) }
  public var system: String { "postgresql" }

  private struct Published: Sendable {
    let envelope: String
    /// What filters look at: a JSON object.
    let attributes: String
  }

  init(arn: String, broker: PostgresBroker) {
    (self.arn, self.broker) = (arn, broker)
    sender = BatchingSender(loop: broker.loop) { [broker] messages, deadline throws(BrokerError) in
      try await Self.publish(messages, to: BrokerARN.name(arn), of: broker, deadline: deadline)
    }
  }

  /// Puts the message, in SNS's envelope, into every queue whose subscription lets it through, all in one transaction.
  public func publish(
    _ message: OutgoingMessage,
    deadline: MonotonicInstant
  ) async throws(BrokerError) -> String {
    let text = try message.checkedText(within: OutgoingMessage.maximumTopicSize)
    let id = MessageID.random()
    let envelope = NotificationEnvelope.text(
      of: text,
      attributes: message.attributes,
      id: id,
      topicARN: arn,
      at: broker.clock.now()
    )
    let attributes = MessageAttribute.json(message.attributes) { $0.value($1.value) }
    try await sender.send(Published(envelope: envelope, attributes: attributes), deadline: deadline)
    return id
  }

  private static func publish(
    _ messages: [Published],
    to name: String,
    of broker: PostgresBroker,
    deadline: MonotonicInstant
  ) async throws(BrokerError) {
    do {
      try await broker.database.withTransaction(deadline: deadline) { transaction in
        let row = try await transaction.query(
          publish,
          [.text(name), .textArray(messages.map(\.envelope)), .textArray(messages.map(\.attributes))]
        ).first
        guard try row?.bool(0) ?? false else { throw BrokerError(.notFound, "there is no topic \(name)") }
        for queue in (try row?.optionalText(1) ?? "").split(separator: ",") {
          transaction.notify(QueueStore.channel, String(queue))
        }
      }
    } catch {
      throw BrokerError(error, doing: "publish to \(name)")
    }
  }

  public func status(deadline: MonotonicInstant) async throws(BrokerError) -> TopicStatus {
    do {
      let rows = try await broker.database.query(Self.status, [.text(name)], deadline: deadline)
      guard let row = rows.first else { throw BrokerError(.notFound, "there is no topic \(name)") }
      return TopicStatus(
        arn: try row.text(0),
        confirmedSubscriptions: Int(try row.int64(1)),
        pendingSubscriptions: 0
      )
    } catch {
      throw BrokerError(error, doing: "ask for \(name)")
    }
  }

  private static let publish = PostgresStatement(
    name: "topic_publish",
    sql: """
      with sent as (
        insert into gateway_queue_message (queue, body, attributes)
        select s.queue, m.envelope, '{}'
        from unnest($2, $3) with ordinality as m (envelope, attributes, number)
          join gateway_subscription s on s.topic = $1
        where not exists (
          select from jsonb_each(coalesce(s.filter_policy, '{}')) f
          where not coalesce(f.value ? (m.attributes::jsonb ->> f.key), false)
        )
        order by m.number
        returning queue
      )
      select exists (select from gateway_topic where name = $1),
        (select string_agg(distinct queue, ',') from sent)
      """
  )

  private static let status = PostgresStatement(
    name: "topic_status",
    sql: """
      select t.arn, (select count(*) from gateway_subscription s where s.topic = t.name)
      from gateway_topic t where t.name = $1
      """
  )
}
