public import Events
internal import HTTPTransport
internal import HTTPTypes
internal import JSON
public import ServiceKit
internal import SharedAuth
internal import Time

/// Which queues there are and how full they are; what is done with them is queue admin's. The page alone uses it, so the
/// description of the API leaves it out.
public struct QueueRoutes: Sendable {
  private let groups: [(module: String, group: QueueAdminGroup)]

  /// - Parameter groups: the queues of each module, under the name by which the page shows it.
  public init(_ groups: [(module: String, group: QueueAdminGroup)]) { self.groups = groups }

  /// The queues of those modules whose queues the caller may look after.
  public var list: RouteDeclaration {
    RouteDeclaration(.get, "/console/queues", .authenticated) { request in
      let allowed = groups.filter { request.principal?.hasRole($0.group.role) ?? false }
      guard !allowed.isEmpty else { throw PlatformFailure.accessDenied }
      var writer = JSONWriter()
      writer.beginArray()
      for (module, group) in allowed {
        for queue in group.queues {
          let main = await status(of: queue.queue, request.deadline)
          let deadLetters = await status(of: queue.deadLetterQueue, request.deadline)
          write(queue, of: module, main, deadLetters, to: &writer)
        }
      }
      writer.endArray()
      return .json(writer)
    }
  }

  /// Puts the request's body on a queue, whatever it is: in the all-in-one profile, to see what a consumer makes of it.
  public var send: RouteDeclaration {
    RouteDeclaration(.post, "/console/queues/{queueName}/messages", .authenticated, consumes: .json) {
      request in
      let name = request.path("queueName")
      let queue = groups.lazy.filter { request.principal?.hasRole($0.group.role) ?? false }
        .flatMap(\.group.queues).map(\.queue).first { $0.name == name }
      guard let queue else { throw PlatformFailure.notFound("\(name) not found") }
      let text = try JSONObject(try await request.body()).text("message")
      let id = try await queue.send(OutgoingMessage(body: Array(text.utf8)), deadline: request.deadline)
      var writer = JSONWriter()
      writer.beginObject()
      writer.field("messageId", id)
      writer.endObject()
      return .json(writer, status: .created)
    }
  }

  /// - Returns: nil for no queue, and for one that does not answer.
  private func status(of queue: (any MessageQueue)?, _ deadline: MonotonicInstant) async -> QueueStatus? {
    try? await queue?.status(deadline: deadline)
  }

  private func write(
    _ entry: AdministeredQueue,
    of module: String,
    _ status: QueueStatus?,
    _ deadLetters: QueueStatus?,
    to writer: inout JSONWriter
  ) {
    writer.beginObject()
    writer.field("module", module)
    writer.field("id", entry.id)
    writer.field("queueName", entry.queue.name)
    writer.field("isReachable", status != nil)
    writer.field("messagesOnQueue", Int64(status?.messagesOnQueue ?? 0))
    writer.field("messagesInFlight", Int64(status?.messagesInFlight ?? 0))
    writer.field("isPurgeable", entry.isPurgeable)
    writer.field("dlqName", entry.deadLetterQueue?.name)
    writer.field("messagesOnDlq", Int64(deadLetters?.messagesOnQueue ?? 0))
    writer.endObject()
  }
}
