public import EventLoops
internal import Postgres
internal import ServiceKit

/// A topic in the database of a ``PostgresBroker``.
public struct PostgresTopic: Topic {
  let arn: String
  let broker: PostgresBroker

  public var name: String { BrokerARN.name(arn) }
  public var system: String { "postgresql" }

  /// Puts the message, in SNS's envelope, into every queue whose subscription lets it through, all in one transaction.
  public func publish(
    _ message: OutgoingMessage,
    deadline: MonotonicInstant
  ) async throws(BrokerError) -> String {
    let text = try message.checkedText()
    let id = MessageID.random()
    let envelope = NotificationEnvelope.text(
      of: text,
      attributes: message.attributes,
      id: id,
      topicARN: arn,
      at: broker.clock.now()
    )
    let exists: Bool
    do {
      exists = try await broker.database.withTransaction(deadline: deadline) { transaction in
        let row = try await transaction.query(
          Self.publish,
          [.text(name), .text(envelope), .jsonb(Self.values(of: message))]
        ).first
        for queue in (try row?.optionalText(1) ?? "").split(separator: ",") {
          transaction.notify(QueueStore.channel, String(queue))
        }
        return try row?.bool(0) ?? false
      }
    } catch {
      throw BrokerError(error, doing: "publish to \(name)")
    }
    guard exists else { throw BrokerError(.notFound, "there is no topic \(name)") }
    return id
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

  /// What filters look at.
  private static func values(of message: OutgoingMessage) -> String {
    MessageAttribute.json(message.attributes) { $0.value($1.value) }
  }

  private static let publish = PostgresStatement(
    name: "topic_publish",
    sql: """
      with sent as (
        insert into gateway_queue_message (queue, body, attributes)
        select s.queue, $2, '{}' from gateway_subscription s
        where s.topic = $1 and not exists (
          select from jsonb_each(coalesce(s.filter_policy, '{}')) f
          where not coalesce(f.value ? ($3 ->> f.key), false)
        )
        returning queue
      )
      select exists (select from gateway_topic where name = $1),
        (select string_agg(queue, ',') from sent)
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
