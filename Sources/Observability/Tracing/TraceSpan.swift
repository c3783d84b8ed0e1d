internal import ServiceKit
internal import Synchronization
public import Tracing

/// A span that has ended, as it goes to the collector.
struct FinishedSpan: Sendable {
  let context: SpanContext
  let parentSpanID: String?
  let name: String
  let kind: SpanKind
  let start: UInt64
  let end: UInt64
  let attributes: SpanAttributes
  let isError: Bool
}

/// A span of `GatewayTracer`. One that is not sampled only carries its context.
public final class TraceSpan: Tracing.Span {
  private struct State {
    var name: String
    var attributes: SpanAttributes = [:]
    var isError = false
    var hasEnded = false
  }

  public let context: InstrumentationContext
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
  ///   - onEnd: called once, if the span is sampled.
  init(
    _ name: String,
    _ kind: SpanKind,
    context: InstrumentationContext,
    spanContext: SpanContext,
    parentSpanID: String?,
    start: UInt64,
    onEnd: @escaping @Sendable (FinishedSpan) -> Void
  ) {
    self.context = context
    self.spanContext = spanContext
    self.parentSpanID = parentSpanID
    self.kind = kind
    self.start = start
    self.onEnd = onEnd
    isRecording = spanContext.isSampled
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

  public func setStatus(_ status: SpanStatus) {
    if status.code == .error { state.withLock { $0.isError = true } }
  }

  /// Events say nothing here that the log does not say with the span's ids.
  public func addEvent(_ event: SpanEvent) {}

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
        isError: state.isError
      )
    }
    if let finished { onEnd(finished) }
  }
}
