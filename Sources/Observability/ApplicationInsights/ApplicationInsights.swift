public import EventLoops
public import HTTPTransport
internal import HTTPTypes
internal import JSON
public import Logging
public import ServiceKit
public import Time

/// Sends telemetry to Application Insights' ingestion endpoint, in batches, from the background
/// (docs/contract/platform.md §8.3, docs/contract/adoption.md §3). One for each connection string; the items say which module they are of.
public final class ApplicationInsights: Sendable {
  private let queue: ExportQueue<ApplicationInsightsItem>
  private let clock: any WallClock
  private let version: String

  /// - Parameters:
  ///   - client: one of its own, which is not traced itself.
  ///   - loop: where batches are made and sent.
  ///   - instance: `ai.cloud.roleInstance`: the machine's name.
  ///   - version: `service.version`.
  public init(
    _ connection: ApplicationInsightsConnection,
    client: HTTPClient,
    loop: EventLoop,
    instance: String,
    version: String,
    clock: any WallClock,
    settings: ExportSettings = ExportSettings(),
    logger: Logger
  ) {
    self.clock = clock
    self.version = version
    queue = ExportQueue("Application Insights", settings, loop: loop, logger: logger) { items, deadline in
      let request = ClientRequest(
        method: .post,
        url: connection.trackURL,
        fields: [.contentType: "application/json", .accept: "application/json"],
        body: Self.body(items, connection, instance),
        isIdempotent: false,
        maximumResponseBytes: 1_048_576
      )
      let response: ClientResponse
      do throws(HTTPClientError) {
        response = try await client.send(request, deadline: deadline)
      } catch {
        return .again(items, after: nil, refused: 0, reason: error.description)
      }
      return Self.outcome(response, of: items)
    }
  }

  /// What was sent, lost, and is waiting.
  public var statistics: ExportStatistics { queue.statistics }

  /// Sends what is waiting, and ends.
  public func shutdown(within limit: Duration) async { await queue.shutdown(within: limit) }

  /// What a module sends its events to.
  /// - Parameter role: the cloud role name of the service that the module replaces: `hmpps-non-associations-api`.
  public func telemetry(role: String) -> any Telemetry { RoleTelemetry(sender: self, role: role) }

  /// Queues an item of a role.
  /// - Parameters:
  ///   - share: of such items that are sent, in per cent.
  ///   - time: when it was; nil for now.
  ///   - context: the span that it is, or is part of.
  ///   - operation: the request or message in flight.
  func send(
    _ content: ApplicationInsightsItem.Content,
    role: String,
    share: Double = 100,
    time: Timestamp? = nil,
    context: SpanContext? = SpanContext.current,
    operation: Operation? = Operation.current
  ) {
    queue.add(
      ApplicationInsightsItem(
        content: content,
        role: role,
        time: time ?? clock.now(),
        span: context,
        operation: operation,
        share: share,
        version: version
      )
    )
  }

  private static func body(
    _ items: [ApplicationInsightsItem],
    _ connection: ApplicationInsightsConnection,
    _ instance: String
  ) -> [UInt8] {
    var json = JSONWriter(capacity: 64 + items.count * 768)
    json.beginArray()
    for item in items {
      item.write(to: &json, instrumentationKey: connection.instrumentationKey, instance: instance)
    }
    json.endArray()
    return json.finish()
  }

  // MARK: Answers

  /// Statuses of the ingestion worth another try: time-outs, throttling and quotas of the hour, and failures of its own.
  private static let retryable: Set<Int> = [408, 429, 439, 500, 502, 503, 504]

  static func outcome(
    _ response: ClientResponse,
    of items: [ApplicationInsightsItem]
  ) -> ExportOutcome<ApplicationInsightsItem> {
    let status = response.status.code
    if status == 206 { return partial(response, of: items) }
    if (200..<300).contains(status) { return .delivered(refused: 0) }
    guard retryable.contains(status) else { return .refused(reason: "status \(status)") }
    return .again(items, after: response.retryAfter, refused: 0, reason: "status \(status)")
  }

  /// 206 names by index the items that were not taken, each with a status of its own.
  private static func partial(
    _ response: ClientResponse,
    of items: [ApplicationInsightsItem]
  ) -> ExportOutcome<ApplicationInsightsItem> {
    guard let errors = try? PartialAnswer.errors(in: response.body) else { return .delivered(refused: 0) }
    let failed = errors.filter { items.indices.contains($0.index) }
    let again = failed.filter { retryable.contains($0.status) }.map { items[$0.index] }
    let refused = failed.count - again.count
    guard !again.isEmpty else { return .delivered(refused: refused) }
    return .again(again, after: response.retryAfter, refused: refused, reason: "status 206")
  }
}

/// The answer of the ingestion to a batch of which it took only a part.
enum PartialAnswer {
  /// - Throws: `JSONError` for what is not such an answer.
  static func errors(in body: [UInt8]) throws(JSONError) -> [(index: Int, status: Int)] {
    guard case .object(let answer) = try JSONValue(parsing: body), case .array(let errors) = answer["errors"]
    else {
      return []
    }
    return errors.compactMap { error in
      guard case .object(let fields) = error, case .number(let indexText) = fields["index"],
        case .number(let statusText) = fields["statusCode"], let index = Int(indexText),
        let status = Int(statusText)
      else { return nil }
      return (index, status)
    }
  }
}

/// The telemetry of one module.
private struct RoleTelemetry: Telemetry {
  let sender: ApplicationInsights
  let role: String

  func track(_ event: TelemetryEvent) { sender.send(.event(event), role: role) }

  func trace(_ trace: TelemetryTrace) {
    let properties = InsightsLine.properties(of: role).merging(trace.properties) { own, _ in own }
    sender.send(.message(trace.message, trace.severity, properties), role: role)
  }
}
