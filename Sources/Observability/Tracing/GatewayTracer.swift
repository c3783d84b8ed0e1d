internal import ServiceKit
public import Tracing

/// Makes spans for whoever uses swift-distributed-tracing. A span whose parent has been decided about follows that
/// decision (W3C Trace Context, the sampled flag); a trace that begins here is sampled by chance. Application Insights keeps
/// spans by rules of its own, whatever the flag says.
public final class GatewayTracer: Tracer {
  public typealias Span = TraceSpan

  private let ids = TraceIDs.shared
  private let sampled: TraceShare
  private let recordsAll: Bool
  private let onEnd: @Sendable (FinishedSpan) -> Void

  /// - Parameters:
  ///   - sampleRatio: the share of the traces begun here that are sampled, 0 to 1.
  ///   - recordsAll: whether spans that are not sampled are kept too.
  ///   - onEnd: gets each span that is kept when it has ended. Must not wait.
  init(sampleRatio: Double, recordsAll: Bool = false, onEnd: @escaping @Sendable (FinishedSpan) -> Void) {
    sampled = TraceShare(sampleRatio)
    self.recordsAll = recordsAll
    self.onEnd = onEnd
  }

  public func startSpan<Instant: TracerInstant>(
    _ operationName: String,
    context: @autoclosure () -> InstrumentationContext,
    ofKind kind: SpanKind,
    at instant: @autoclosure () -> Instant,
    function: String,
    file fileID: String,
    line: UInt
  ) -> TraceSpan {
    var context = context()
    let parent = context.span
    let traceID = parent?.traceID ?? ids.traceID()
    let spanContext = SpanContext(
      traceID: traceID,
      spanID: ids.spanID(),
      // Nobody wants probes among the traces of a collector.
      isSampled: parent?.isSampled
        ?? (context.operation?.isProbe == true ? false : sampled.contains(traceID)),
      state: parent?.state
    )
    context.span = spanContext
    return TraceSpan(
      operationName,
      kind,
      context: context,
      spanContext: spanContext,
      parentSpanID: parent?.spanID,
      start: instant().nanosecondsSinceEpoch,
      isRecording: recordsAll || spanContext.isSampled,
      onEnd: onEnd
    )
  }

  public func startAnySpan<Instant: TracerInstant>(
    _ operationName: String,
    context: @autoclosure () -> InstrumentationContext,
    ofKind kind: SpanKind,
    at instant: @autoclosure () -> Instant,
    function: String,
    file fileID: String,
    line: UInt
  ) -> any Tracing.Span {
    startSpan(
      operationName,
      context: context(),
      ofKind: kind,
      at: instant(),
      function: function,
      file: fileID,
      line: line
    )
  }

  /// Spans are sent in the background, and when the process shuts down.
  public func forceFlush() {}

  public func extract<Carrier, Extract: Extractor>(
    _ carrier: Carrier,
    into context: inout InstrumentationContext,
    using extractor: Extract
  ) where Extract.Carrier == Carrier {
    guard let text = extractor.extract(key: SpanContext.fieldName, from: carrier) else { return }
    let state = extractor.extract(key: SpanContext.stateFieldName, from: carrier)
    if let span = SpanContext(traceparent: text, state: state) { context.span = span }
  }

  public func inject<Carrier, Inject: Injector>(
    _ context: InstrumentationContext,
    into carrier: inout Carrier,
    using injector: Inject
  ) where Inject.Carrier == Carrier {
    guard let span = context.span else { return }
    injector.inject(span.traceparent, forKey: SpanContext.fieldName, into: &carrier)
    if let state = span.state { injector.inject(state, forKey: SpanContext.stateFieldName, into: &carrier) }
  }
}
