internal import ServiceKit

/// What the description of an API says of queue admin.
extension QueueAdminRoutes {
  private static let tag = "hmpps-queue-resource"
  private static let name = APISchema.text(example: "unknown-queue")
  private static let found = APISchema.object([
    .init("messagesFoundCount", .integer("Messages there were, about", format: .int32))
  ])
  private static let retried = APISchema.named("RetryDlqResult", found)
  private static let missing = APIOperation.Response(404, "There is no such queue", .any)

  /// A body that is no JSON object is a text in the answer, where the service replaced failed.
  private static let message = APISchema.named(
    "DlqMessage",
    .object([.init("body", .map(.any)), .init("messageId", .text())])
  )

  /// The media type is what clients know of it; it is JSON.
  private static func success(_ description: String, _ schema: APISchema) -> APIOperation.Response {
    .init(200, description, schema, mediaType: "*/*")
  }

  /// How many messages a list is to show.
  struct ListQuery: RequestQuery {
    /// As it was given; nil where it is absent.
    let maximum: String?

    init(_ query: inout QueryFields) {
      maximum = query.integerText("maxMessages", "How many to show", default: 100, format: .int32)
    }
  }

  static let retryOperation = APIOperation(
    "retryDlq",
    "Move the messages of a dead-letter queue back to its queue",
    tag: tag,
    path: ["dlqName": name],
    responses: [success("They are being moved", retried), missing]
  )

  static let retryAllOperation = APIOperation(
    "retryAllDlqs",
    "Move the messages of every dead-letter queue back",
    tag: tag,
    responses: [
      success("For each queue", .array(retried)), .init(401, "Called through a proxy without a token"),
      .init(403, "Called without the role", .any),
    ]
  )

  static let purgeOperation = APIOperation(
    "purgeQueue",
    "Delete all messages of a queue or dead-letter queue",
    tag: tag,
    path: ["queueName": name],
    responses: [success("They are being deleted", .named("PurgeQueueResult", found)), missing]
  )

  static let setAsideOperation = APIOperation(
    "getSetAsideMessages",
    "Look at events and audit messages that were committed and cannot be sent",
    tag: tag,
    query: ListQuery.declarations,
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
    responses: [.init(200, "They are being sent; what still cannot be is set aside again", retried)]
  )

  static let listOperation = APIOperation(
    "getDlqMessages",
    "Look at the messages of a dead-letter queue",
    tag: tag,
    path: ["dlqName": name],
    query: ListQuery.declarations,
    responses: [
      success(
        "Messages, which stay where they are",
        .named(
          "GetDlqResult",
          .object([
            .init("messagesFoundCount", .integer("Messages there are, about", format: .int32)),
            .init("messagesReturnedCount", .integer("How many of them are here", format: .int32)),
            .init("messages", .array(message)),
          ])
        )
      ), missing,
    ]
  )
}
