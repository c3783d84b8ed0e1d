internal import ServiceKit

/// What the description of an API says of queue admin.
extension QueueAdminRoutes {
  private static let tag = "hmpps-queue-resource"
  private static let name = APISchema.text(example: "unknown-queue")
  private static let count = APISchema.named(
    "QueueCount",
    .object([.init("messagesFoundCount", .integer("Messages there were, about"))])
  )
  private static let missing = APIOperation.Response(404, "There is no such queue", .any)

  static let maximum = QueryParameter.text("maxMessages", "How many to show; 100 if left out")

  static let retryOperation = APIOperation(
    "retryDeadLetters",
    "Move the messages of a dead-letter queue back to its queue",
    tag: tag,
    path: ["dlqName": name],
    responses: [.init(200, "They are being moved", count), missing]
  )

  static let retryAllOperation = APIOperation(
    "retryAllDeadLetters",
    "Move the messages of every dead-letter queue back",
    tag: tag,
    responses: [
      .init(200, "For each queue", .array(count)), .init(401, "Called through a proxy without a token"),
      .init(403, "Called without the role", .any),
    ]
  )

  static let purgeOperation = APIOperation(
    "purgeQueue",
    "Delete all messages of a queue or dead-letter queue",
    tag: tag,
    path: ["queueName": name],
    responses: [.init(200, "They are being deleted", count), missing]
  )

  static let setAsideOperation = APIOperation(
    "getSetAsideMessages",
    "Look at events and audit messages that were committed and cannot be sent",
    tag: tag,
    query: [maximum.declaration],
    responses: [
      .init(
        200,
        "Messages, without what is in them, of the services whose role the caller holds",
        .named(
          "SetAsideMessages",
          .object([
            .init("messagesFoundCount", .integer()), .init("messagesReturnedCount", .integer()),
            .init(
              "messages",
              .array(
                .object([
                  .init("module", .text("The service", example: "non-associations")),
                  .init("id", .integer("Of the message's row")),
                  .init("kind", .choice(["event", "audit"])),
                  .init("eventType", .text("Or what an audit message says was done")),
                  .init("attempts", .integer("Tries that failed")),
                  .init("recordedAt", .text("When the change was made: UTC", format: "date-time")),
                  .init("setAsideAt", .text("UTC", format: "date-time")),
                  .init("reason", .text("What the broker said, or where the message was meant to go")),
                ])
              )
            ),
          ])
        )
      )
    ]
  )

  static let retrySetAsideOperation = APIOperation(
    "retrySetAsideMessages",
    "Try to send again what was set aside",
    tag: tag,
    responses: [.init(200, "They are being sent; what still cannot be is set aside again", count)]
  )

  static let listOperation = APIOperation(
    "getDeadLetters",
    "Look at the messages of a dead-letter queue",
    tag: tag,
    path: ["dlqName": name],
    query: [maximum.declaration],
    responses: [
      .init(
        200,
        "Messages, which stay where they are",
        .named(
          "DeadLetters",
          .object([
            .init("messagesFoundCount", .integer()), .init("messagesReturnedCount", .integer()),
            .init("messages", .array(.object([.init("body", .any), .init("messageId", .text())]))),
          ])
        )
      ), missing,
    ]
  )
}
