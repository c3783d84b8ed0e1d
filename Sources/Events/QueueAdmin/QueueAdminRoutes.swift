public import HTTPTransport
internal import HTTPTypes
internal import JSON
public import Logging
public import ServiceKit
internal import SharedAuth

/// The paths of docs/contract/platform.md §4 and those of the outbox, for the queues of one module or of several
/// together.
public struct QueueAdminRoutes: Sendable {
  let groups: [QueueAdminGroup]
  let logger: Logger
  private let notFound: @Sendable (String) -> ServerResponse

  /// - Parameters:
  ///   - groups: one for a module's own surface, all for the surface of the modules together: a queue is then looked
  ///     for in each, and the caller needs the role of the group that has it.
  ///   - notFound: the 404 in the module's own shape, for the text `x not found`.
  public init(
    _ groups: [QueueAdminGroup],
    logger: Logger,
    notFound: @escaping @Sendable (String) -> ServerResponse
  ) {
    self.groups = groups
    self.logger = logger
    self.notFound = notFound
  }

  /// The routes. With one group they need its role, with several a token whose roles decide which queues are there; where
  /// retrying all is open, that route needs none.
  public var table: [RouteDeclaration] {
    let rule: AccessRule = groups.count == 1 ? .requires(role: groups[0].role) : .authenticated
    let retryAllRule = groups.contains(where: \.isRetryAllOpen) ? AccessRule.open : rule
    return [
      RouteDeclaration(
        .put,
        "/queue-admin/retry-dlq/{dlqName}",
        rule,
        operation: Self.retryOperation,
        handler: retry
      ),
      RouteDeclaration(
        .put,
        "/queue-admin/retry-all-dlqs",
        retryAllRule,
        operation: Self.retryAllOperation,
        handler: retryAll
      ),
      RouteDeclaration(
        .put,
        "/queue-admin/purge-queue/{queueName}",
        rule,
        operation: Self.purgeOperation,
        handler: purge
      ),
      RouteDeclaration(
        .get,
        "/queue-admin/get-dlq-messages/{dlqName}",
        rule,
        operation: Self.listOperation,
        handler: deadLetters
      ),
      RouteDeclaration(
        .get,
        "/queue-admin/outbox",
        rule,
        operation: Self.setAsideOperation,
        handler: setAside
      ),
      RouteDeclaration(
        .put,
        "/queue-admin/outbox/retry",
        rule,
        operation: Self.retrySetAsideOperation,
        handler: retrySetAside
      ),
    ]
  }

  @Sendable private func retry(_ request: ModuleRequest) async throws -> ServerResponse {
    let name = request.path("dlqName")
    guard let (entry, admin) = try find(request, { $0.queue(withDeadLetterQueue: name) }) else {
      return notFound("\(name) not found")
    }
    return count(try await admin.retry(entry, deadline: request.deadline))
  }

  @Sendable private func retryAll(_ request: ModuleRequest) async throws -> ServerResponse {
    let isDirect = !request.isForwarded
    let allowed = groups.filter { group in
      (group.isRetryAllOpen && isDirect) || (request.principal?.hasRole(group.role) ?? false)
    }
    guard !allowed.isEmpty else {
      guard request.principal != nil else { throw TokenError.missing }
      throw PlatformFailure.accessDenied
    }
    var counts: [Int] = []
    var first: BrokerError?
    for group in allowed {
      do throws(BrokerError) {
        counts += try await admin(of: group).retryAll(group.queues, deadline: request.deadline)
      } catch {
        first = first ?? error
      }
    }
    if let first { throw first }
    var writer = JSONWriter()
    writer.beginArray()
    for found in counts { Self.write(found, to: &writer) }
    writer.endArray()
    return json(writer)
  }

  @Sendable private func purge(_ request: ModuleRequest) async throws -> ServerResponse {
    let name = request.path("queueName")
    guard let (queue, admin) = try find(request, { $0.purgeable(name) }) else {
      return notFound("\(name) not found")
    }
    return count(try await admin.purge(queue, deadline: request.deadline))
  }

  @Sendable private func deadLetters(_ request: ModuleRequest) async throws -> ServerResponse {
    let name = request.path("dlqName")
    let limit = try Self.limit(ListQuery(of: request).maximum)
    guard let (queue, admin) = try find(request, { $0.queue(withDeadLetterQueue: name)?.deadLetterQueue })
    else {
      return notFound("\(name) not found")
    }
    let (found, messages) = try await admin.deadLetters(of: queue, limit: limit, deadline: request.deadline)
    var writer = JSONWriter(capacity: 256 + messages.count * 2048)
    writer.beginObject()
    writer.field("messagesFoundCount", Int64(found))
    writer.field("messagesReturnedCount", Int64(limit < 0 ? limit : messages.count))
    writer.key("messages")
    writer.beginArray()
    for message in messages {
      writer.beginObject()
      writer.key("body")
      Self.write(body: message.body, to: &writer)
      writer.field("messageId", message.id)
      writer.endObject()
    }
    writer.endArray()
    writer.endObject()
    return json(writer)
  }

  // MARK: Pieces

  private func admin(of group: QueueAdminGroup) -> QueueAdmin {
    QueueAdmin(telemetry: group.telemetry, logger: logger)
  }

  /// What the first group has that `find` finds something in, if the caller holds its role.
  private func find<Found>(_ request: ModuleRequest, _ find: (QueueAdminGroup) -> Found?)
    throws(PlatformFailure)
    -> (Found, QueueAdmin)?
  {
    func holds(_ group: QueueAdminGroup) -> Bool { request.principal?.hasRole(group.role) ?? false }
    for group in groups {
      guard let found = find(group) else { continue }
      guard holds(group) else { throw .accessDenied }
      return (found, admin(of: group))
    }
    // Who may look after no queue is not told which there are.
    guard groups.contains(where: holds) else { throw .accessDenied }
    return nil
  }

  static func limit(_ text: String?) throws(PlatformFailure) -> Int {
    guard let text, !text.isEmpty else { return 100 }
    guard let value = Int32(text) else { throw .parameterType(name: "maxMessages", type: "int") }
    return Int(value)
  }

  /// The body as the JSON object that it is; anything else as a text, where the original failed
  /// (docs/contract/platform.md §13 row 16).
  private static func write(body: [UInt8], to writer: inout JSONWriter) {
    let strict = JSONText.strict(body)
    if case .object = try? JSONValue(parsing: strict) {
      writer.json(strict)
    } else {
      writer.value(String(decoding: body, as: UTF8.self))
    }
  }

  private static func write(_ found: Int, to writer: inout JSONWriter) {
    writer.beginObject()
    writer.field("messagesFoundCount", Int64(found))
    writer.endObject()
  }

  func count(_ found: Int) -> ServerResponse {
    var writer = JSONWriter()
    Self.write(found, to: &writer)
    return json(writer)
  }

  func json(_ writer: JSONWriter) -> ServerResponse {
    ServerResponse(status: .ok, fields: [.contentType: "application/json"], body: writer.bytes)
  }
}
