public import Logging
internal import ServiceKit
internal import Time
internal import Tracing

/// Says of everything that is recorded under which role it goes to Application Insights, and whether it does
/// (docs/contract/adoption.md §3).
public final class InsightsRoles: Sendable {
  /// Where what belongs to one role goes.
  public struct Role: Sendable {
    let sender: ApplicationInsights
    let name: String
    let sampling: InsightsSampling
    let level: Logger.Level

    /// - Parameters:
    ///   - name: the cloud role name.
    ///   - level: the lowest of the log lines that are sent.
    public init(
      _ sender: ApplicationInsights,
      name: String,
      sampling: InsightsSampling = InsightsSampling(),
      level: Logger.Level = .info
    ) {
      self.sender = sender
      self.name = name
      self.sampling = sampling
      self.level = level
    }
  }

  private let modules: [String: Role?]
  private let own: Role?
  /// The lowest level that any of them sends.
  let level: Logger.Level

  /// - Parameters:
  ///   - modules: by name; nil for one that sends nothing.
  ///   - own: of what is no module's: requests for all modules together, and the process itself.
  public init(modules: [String: Role?], own: Role?) {
    self.modules = modules
    self.own = own
    level = (modules.values.map { $0?.level } + [own?.level]).compactMap(\.self).min() ?? .critical
  }

  private func role(of module: String?) -> Role? {
    guard let module, let role = modules[module] else { return own }
    return role
  }

  // MARK: Spans

  /// Queues a span as the request or the dependency that it is.
  func add(_ span: FinishedSpan) {
    let statement = span.text("db.namespace")
    guard let role = role(of: statement ?? span.operation?.description.module) else { return }
    let isRequest = span.kind == .server || span.kind == .consumer
    var share = role.sampling.share(of: span.operation)
    if statement != nil {
      share = min(share, role.sampling.statements)
    } else if !isRequest, let host = span.detail.target {
      share = min(share, role.sampling.share(ofHost: host))
    }
    guard TraceShare(share / 100).contains(span.context.traceID) else { return }
    role.sender.send(
      isRequest ? .request(span) : .dependency(span),
      role: role.name,
      share: share,
      time: Timestamp(microseconds: Int64(clamping: span.start / 1000)),
      context: span.context,
      operation: span.operation
    )
  }

  // MARK: Log lines

  /// Queues a line of the log, if its level is high enough: one that brings an error as an exception.
  func add(_ event: LogEvent, label: String, metadata: Logger.Metadata) {
    let operation = Operation.current
    let module = metadata["module"].map { "\($0)" } ?? operation?.description.module
    guard let role = role(of: module), event.level >= role.level else { return }
    let context = SpanContext.current
    let share = role.sampling.share(of: operation)
    let isKept =
      event.level >= .warning || context.map { TraceShare(share / 100).contains($0.traceID) } ?? true
    guard isKept else { return }
    var properties = metadata.mapValues { "\($0)" }.merging(InsightsLine.properties(of: label)) { $1 }
    let message = event.message.description
    let content: ApplicationInsightsItem.Content
    if let error = event.error {
      properties["Logger Message"] = message
      let (type, text) = ("\(type(of: error))", String(describing: error))
      content = .exception(
        type: type,
        message: text,
        stack: InsightsLine.stack(type, text, event),
        event.level.severity,
        properties
      )
    } else {
      content = .message(message, event.level.severity, properties)
    }
    role.sender.send(
      content,
      role: role.name,
      share: event.level >= .warning ? 100 : share,
      context: context,
      operation: operation
    )
  }
}

extension Logger.Level {
  /// As Application Insights has it.
  var severity: TelemetrySeverity {
    switch self {
    case .trace, .debug: .verbose
    case .info, .notice: .information
    case .warning: .warning
    case .error, .critical: .error
    }
  }
}

extension FinishedSpan {
  /// An attribute as text; nil if there is none.
  func text(_ name: String) -> String? {
    switch attributes[name]?.toSpanAttribute() {
    case .string(let text): text
    case .int64(let number): String(number)
    case .int32(let number): String(number)
    default: nil
    }
  }
}
