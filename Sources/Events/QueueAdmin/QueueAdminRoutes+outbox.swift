internal import HTTPTransport
internal import JSON
internal import Logging
internal import ServiceKit
internal import SharedAuth
internal import Time

/// What was set aside in the outboxes of the groups whose role the caller holds.
extension QueueAdminRoutes {
  @Sendable func setAside(_ request: ModuleRequest) async throws -> ServerResponse {
    var left = try Self.limit(ListQuery(of: request).maximum)
    var (found, returned) = (0, 0)
    var messages = JSONWriter()
    messages.beginArray()
    for outbox in try outboxes(request) {
      let (count, entries) = try await outbox.setAside(limit: left, deadline: request.deadline)
      found += count
      returned += entries.count
      left -= entries.count
      for entry in entries { Self.write(entry, of: outbox.module, to: &messages) }
    }
    messages.endArray()
    var writer = JSONWriter(capacity: 256 + messages.bytes.count)
    writer.beginObject()
    writer.field("messagesFoundCount", Int64(found))
    writer.field("messagesReturnedCount", Int64(returned))
    writer.key("messages")
    writer.json(messages.bytes)
    writer.endObject()
    return json(writer)
  }

  @Sendable func retrySetAside(_ request: ModuleRequest) async throws -> ServerResponse {
    var count = 0
    for outbox in try outboxes(request) {
      let found = try await outbox.retry(deadline: request.deadline)
      logger.info("messages that were set aside are retried", metadata: ["count": "\(found)"])
      count += found
    }
    return self.count(count)
  }

  private func outboxes(_ request: ModuleRequest) throws(PlatformFailure) -> [OutboxAdministration] {
    let allowed = groups.filter { request.principal?.hasRole($0.role) ?? false }
    guard !allowed.isEmpty else { throw .accessDenied }
    return allowed.compactMap(\.outbox)
  }

  /// Nothing of the message: whoever looks after queues need not see whom it is about.
  private static func write(
    _ entry: OutboxAdministration.Entry,
    of module: String,
    to writer: inout JSONWriter
  ) {
    writer.beginObject()
    writer.field("module", module)
    writer.field("id", entry.id)
    writer.field("kind", entry.kind)
    writer.field("eventType", entry.eventType)
    writer.field("attempts", Int64(entry.attempts))
    writer.field("recordedAt", entry.recordedAt.instantText)
    writer.field("setAsideAt", entry.setAsideAt.instantText)
    writer.field("reason", entry.reason)
    writer.endObject()
  }
}
