public import Events
internal import HTTPTransport
internal import HTTPTypes
internal import JSON
public import ServiceKit
internal import SharedAuth
public import Time

/// The stream of a module's domain events, by long polling: any replica answers any poll. It is for whoever may look
/// after the module's queues, who sees the same messages there.
///
/// The page alone uses it, so the description of the API leaves it out.
public struct EventStreamRoutes: Sendable {
  /// How long a poll waits for an event; less where requests must be answered sooner.
  private static let longestWait = Duration.seconds(20)
  /// Kept for the answer, from the time that a request has.
  private static let reserve = Duration.seconds(2)

  private let london: LondonTime

  /// - Parameter london: the clock that events show their times by.
  public init(london: LondonTime) { self.london = london }

  /// - Parameters:
  ///   - module: names the module in the path, `/console/events/non-associations`.
  ///   - role: with or without `ROLE_`.
  public func route(_ module: String, role: String, feed: EventFeed) -> RouteDeclaration {
    RouteDeclaration(.get, "/console/events/\(module)", .requires(role: role)) { request in
      let position = try Self.position(request)
      let now = request.clock.now()
      let end = now + min(Self.longestWait, request.deadline.duration(since: now) - Self.reserve)
      let (entries, next) = try await feed.events(after: position, until: end, deadline: request.deadline)
      return .json(write(entries, next))
    }
  }

  private static func position(_ request: ModuleRequest) throws(PlatformFailure) -> FeedPosition? {
    guard let text = request.query("after"), !text.isEmpty else { return nil }
    guard let position = FeedPosition(text) else { throw .parameterType(name: "after", type: "position") }
    return position
  }

  private func write(_ entries: [EventFeed.Entry], _ position: FeedPosition) -> JSONWriter {
    var writer = JSONWriter(capacity: 256 + entries.count * 1024)
    writer.beginObject()
    writer.field("position", position.description)
    writer.key("events")
    writer.beginArray()
    for entry in entries {
      writer.beginObject()
      writer.field("id", entry.id)
      writer.field("eventType", entry.eventType)
      writer.field("recordedDateTime", london.local(entry.recordedAt))
      writer.field("isPublished", entry.isPublished)
      writer.field("message", String(decoding: entry.message, as: UTF8.self))
      writer.endObject()
    }
    writer.endArray()
    writer.endObject()
    return writer
  }
}
