internal import JSON
internal import Postgres
internal import ServiceKit
internal import Time

/// The SQL of one queue.
struct QueueStore: Sendable {
  /// The channel that is notified, with the queue's name, when a message has become visible.
  static let channel = "gateway_queue"

  let database: PostgresDatabase
  let queue: String

  private var notFound: BrokerError { BrokerError(.notFound, "there is no queue \(queue)") }

  /// A message to send.
  struct Sent: Sendable {
    /// A UUID.
    let id: String
    let body: String
    /// As ``MessageAttribute/json(_:)`` writes them.
    let attributes: String
  }

  /// Sends the messages in their order, all or none.
  func send(_ messages: [Sent], deadline: MonotonicInstant) async throws {
    try await database.withTransaction(deadline: deadline) { transaction in
      let count = try await transaction.execute(
        Self.send,
        [
          .text(queue), .textArray(messages.map(\.id)), .textArray(messages.map(\.body)),
          .textArray(messages.map(\.attributes)),
        ]
      )
      guard count > 0 else { throw notFound }
      transaction.notify(Self.channel, queue)
    }
  }

  /// Takes visible messages, and moves those that were delivered too often to the dead-letter queue, as SQS does at the
  /// next receive.
  func receive(
    limit: Int,
    visibilityTimeout: Duration?,
    deadline: MonotonicInstant
  ) async throws -> (messages: [ReceivedMessage], deadLettered: Int) {
    try await database.withTransaction(deadline: deadline) { transaction in
      let rows = try await transaction.query(
        Self.receive,
        [.text(queue), .int8(Int64(limit)), .optional(visibilityTimeout?.wholeMilliseconds)]
      )
      var messages: [ReceivedMessage] = []
      for row in rows {
        guard let id = try row.optionalInt64(2) else { continue }
        let count = try row.int64(4)
        messages.append(
          ReceivedMessage(
            id: try row.text(3),
            receipt: Receipt(id: id, delivery: count).text,
            body: Array(try row.text(5).utf8),
            receiveCount: Int(count),
            attributes: MessageAttribute.attributes(try? JSONValue(parsing: Array(try row.text(6).utf8)))
          )
        )
      }
      if let deadLetterQueue = try rows.first?.optionalText(1) {
        transaction.notify(Self.channel, deadLetterQueue)
      }
      return (messages, Int(try rows.first?.int64(0) ?? 0))
    }
  }

  /// How long until the next message is seen, at least a millisecond; nil if there is none. One that is seen already is
  /// being taken by somebody else.
  /// - Throws: `BrokerError` with kind `notFound`.
  func nextVisible(deadline: MonotonicInstant) async throws -> Duration? {
    let row = try await database.query(Self.nextVisible, [.text(queue)], deadline: deadline).first
    guard let row, try row.bool(0) else { throw notFound }
    return try row.optionalInt64(1).map { .milliseconds(max(1, $0)) }
  }

  /// - Returns: the receipts whose messages are there under another receipt, and so will come again.
  func delete(_ receipts: [Receipt], deadline: MonotonicInstant) async throws -> Set<Receipt> {
    try await database.withTransaction(deadline: deadline) { transaction in
      let parameters: [PostgresValue] = [
        .text(queue), .int8Array(receipts.map(\.id)), .int8Array(receipts.map(\.delivery)),
      ]
      try await transaction.execute(Self.delete, parameters)
      let left = try await transaction.query(Self.stillThere, [.text(queue), .int8Array(receipts.map(\.id))])
      let ids = Set(try left.map { try $0.int64(0) })
      return Set(receipts.filter { ids.contains($0.id) })
    }
  }

  /// - Returns: whether the delivery was the latest one.
  func changeVisibility(_ receipt: Receipt, _ timeout: Duration, deadline: MonotonicInstant) async throws
    -> Bool
  {
    try await database.withTransaction(deadline: deadline) { transaction in
      let count = try await transaction.execute(
        Self.changeVisibility,
        [.text(queue), .int8(receipt.id), .int8(receipt.delivery), .int8(timeout.wholeMilliseconds)]
      )
      // A waiting receiver also looks by itself every five seconds.
      if timeout < .seconds(5) { transaction.notify(Self.channel, queue) }
      return count > 0
    }
  }

  func status(deadline: MonotonicInstant) async throws -> QueueStatus {
    let rows = try await database.query(Self.status, [.text(queue)], deadline: deadline)
    guard let row = rows.first else { throw notFound }
    return QueueStatus(
      arn: try row.text(0),
      messagesOnQueue: Int(try row.int64(1)),
      messagesInFlight: Int(try row.int64(2)),
      maxReceiveCount: try row.optionalInt64(3).map { Int($0) },
      deadLetterQueueARN: try row.optionalText(4),
      visibilityTimeout: .milliseconds(try row.int64(5))
    )
  }

  func purge(deadline: MonotonicInstant) async throws {
    try await database.withTransaction(deadline: deadline) { transaction in
      _ = try await transaction.execute(Self.purge, [.text(queue)])
    }
  }

  /// The row of the newest message, 0 if there is none. Rows are numbered as messages are sent or redriven.
  func lastMessage(deadline: MonotonicInstant) async throws -> Int64 {
    try await database.query(Self.lastMessage, [.text(queue)], deadline: deadline).first?.int64(0) ?? 0
  }

  /// Moves up to 1,000 messages that are not newer than `last`, with new ids and receive counts as SQS gives them.
  /// - Returns: how many.
  func redrive(to source: String, upTo last: Int64, deadline: MonotonicInstant) async throws -> Int {
    try await database.withTransaction(deadline: deadline) { transaction in
      let row = try await transaction.query(Self.redrive, [.text(queue), .text(source), .int8(last)]).first
      transaction.notify(Self.channel, source)
      return Int(try row?.int64(0) ?? 0)
    }
  }

  // MARK: Statements

  private static let send = PostgresStatement(
    name: "queue_send",
    sql: """
      insert into gateway_queue_message (queue, message_id, body, attributes)
      select q.name, m.id::uuid, m.body, m.attributes::jsonb
      from gateway_queue q, unnest($2, $3, $4) with ordinality as m (id, body, attributes, number)
      where q.name = $1 order by m.number
      """
  )

  private static let receive = PostgresStatement(
    name: "queue_receive",
    sql: """
      with due as (
        select m.id, q.dead_letter_queue, coalesce($3, q.visibility_timeout_ms) as timeout,
          coalesce(m.receive_count >= q.max_receive_count, false) as is_dead
        from gateway_queue_message m join gateway_queue q on q.name = m.queue
        where m.queue = $1 and m.visible_at <= now()
        order by m.visible_at, m.id limit $2 for update of m skip locked
      ), dead as (
        update gateway_queue_message m
        set queue = due.dead_letter_queue, receive_count = 0, visible_at = now()
        from due where m.id = due.id and due.is_dead returning m.queue
      ), taken as (
        update gateway_queue_message m
        set visible_at = now() + due.timeout * interval '1 millisecond', receive_count = m.receive_count + 1
        from due where m.id = due.id and not due.is_dead
        returning m.id, m.message_id::text as message_id, m.receive_count, m.body, m.attributes
      ), moved as (
        select count(*) as number, min(queue) as queue from dead
      )
      select moved.number, moved.queue, taken.id, taken.message_id, taken.receive_count, taken.body,
        taken.attributes
      from moved left join taken on true order by taken.id
      """
  )

  private static let nextVisible = PostgresStatement(
    name: "queue_next_visible",
    sql: """
      select exists (select from gateway_queue where name = $1),
        (select (extract(epoch from min(visible_at) - clock_timestamp()) * 1000)::bigint
          from gateway_queue_message where queue = $1)
      """
  )

  private static let delete = PostgresStatement(
    name: "queue_delete",
    sql: """
      delete from gateway_queue_message m using unnest($2, $3) as r (id, delivery)
      where m.queue = $1 and m.id = r.id and m.receive_count = r.delivery
      """
  )

  private static let stillThere = PostgresStatement(
    name: "queue_still_there",
    sql: "select id from gateway_queue_message where queue = $1 and id = any($2)"
  )

  private static let changeVisibility = PostgresStatement(
    name: "queue_change_visibility",
    sql: """
      update gateway_queue_message set visible_at = now() + $4 * interval '1 millisecond'
      where queue = $1 and id = $2 and receive_count = $3
      """
  )

  private static let status = PostgresStatement(
    name: "queue_status",
    sql: """
      select q.arn, count(m.id) filter (where m.visible_at <= now()),
        count(m.id) filter (where m.visible_at > now()), q.max_receive_count, d.arn, q.visibility_timeout_ms
      from gateway_queue q left join gateway_queue d on d.name = q.dead_letter_queue
        left join gateway_queue_message m on m.queue = q.name
      where q.name = $1 group by q.name, d.arn
      """
  )

  private static let purge = PostgresStatement(
    name: "queue_purge",
    sql: "delete from gateway_queue_message where queue = $1"
  )

  private static let lastMessage = PostgresStatement(
    name: "queue_last_message",
    sql: "select coalesce(max(id), 0) from gateway_queue_message where queue = $1"
  )

  private static let redrive = PostgresStatement(
    name: "queue_redrive",
    sql: """
      with moved as (
        delete from gateway_queue_message where id in (
          select id from gateway_queue_message where queue = $1 and id <= $3
          order by id limit 1000 for update skip locked
        ) returning id, body, attributes
      ), sent as (
        insert into gateway_queue_message (queue, body, attributes)
        select $2, body, attributes from moved order by id returning id
      )
      select count(*) from sent
      """
  )
}
