internal import ServiceKit
internal import Synchronization
public import Tracing

/// A span that has ended, as it goes to collectors.
struct FinishedSpan: Sendable {
  let context: SpanContext
  let parentSpanID: String?
  let name: String
  let kind: SpanKind
  let start: UInt64
  let end: UInt64
  let attributes: SpanAttributes
  let isError: Bool
  let detail: SpanDetail
  /// The request or message it is part of.
  let operation: Operation?
}

/// A span of `GatewayTracer`. One that nobody keeps only carries its context.
public final class TraceSpan: Tracing.Span {
  private struct State {
    var name: String
    var attributes: SpanAttributes = [:]
    var isError = false
    var hasEnded = false
    var detail = SpanDetail()
  }

  /// Carries the span to whoever works for it.
  public let context: InstrumentationContext
  /// Whether somebody keeps the span; one that nobody does holds nothing.
  public let isRecording: Bool
  private let spanContext: SpanContext
  private let parentSpanID: String?
  private let kind: SpanKind
  private let start: UInt64
  private let state: Mutex<State>
  private let onEnd: @Sendable (FinishedSpan) -> Void

  /// - Parameters:
  ///   - context: with `spanContext` in it.
  ///   - start: in nanoseconds since 1970.
  ///   - isRecording: whether somebody keeps it.
  ///   - onEnd: called once, if it is recording.
  init(
    _ name: String,
    _ kind: SpanKind,
    context: InstrumentationContext,
    spanContext: SpanContext,
    parentSpanID: String?,
    start: UInt64,
    isRecording: Bool,
    onEnd: @escaping @Sendable (FinishedSpan) -> Void
  ) {
    self.context = context
    self.spanContext = spanContext
    self.parentSpanID = parentSpanID
    self.kind = kind
    self.start = start
    self.onEnd = onEnd
    self.isRecording = isRecording
    state = Mutex(State(name: name))
  }

  public var operationName: String {
    get { state.withLock(\.name) }
    set { state.withLock { $0.name = newValue } }
  }

  public var attributes: SpanAttributes {
    get { state.withLock(\.attributes) }
    set { if isRecording { state.withLock { $0.attributes = newValue } } }
  }

  /// Adds what only Application Insights gets.
  func detail(_ change: (inout SpanDetail) -> Void) {
    if isRecording { state.withLock { change(&$0.detail) } }
  }

  public func setStatus(_ status: SpanStatus) {
    if status.code == .error { state.withLock { $0.isError = true } }
  }

  /// Events say nothing here that the log does not say with the span's ids.
  public func addEvent(_ event: SpanEvent) {}

  /// Links are not kept: a message has its parent.
  public func addLink(_ link: SpanLink) {}

  /// The kind of the error alone: its text may quote what does not belong into a trace.
  public func recordError<Instant: TracerInstant>(
    _ error: any Error,
    attributes: SpanAttributes,
    at instant: @autoclosure () -> Instant
  ) {
    guard isRecording else { return }
    state.withLock { state in
      state.isError = true
      state.attributes["error.type"] = SpanAttribute.string("\(type(of: error))")
    }
  }

  public func end<Instant: TracerInstant>(at instant: @autoclosure () -> Instant) {
    guard isRecording else { return }
    let now = instant().nanosecondsSinceEpoch
    let finished: FinishedSpan? = state.withLock { state in
      guard !state.hasEnded else { return nil }
      state.hasEnded = true
      return FinishedSpan(
        context: spanContext,
        parentSpanID: parentSpanID,
        name: state.name,
        kind: kind,
        start: start,
        end: max(now, start),
        attributes: state.attributes,
        isError: state.isError,
        detail: state.detail,
        operation: context.operation
      )
    }
    if let finished { onEnd(finished) }
  }
}
