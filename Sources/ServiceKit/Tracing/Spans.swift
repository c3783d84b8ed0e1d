internal import Instrumentation
internal import Text
public import Tracing

/// Opens spans around work, whether or not anybody records them: without a tracer, an incoming trace is still carried
/// along, so that log lines and messages name it.
public struct Spans: Sendable {
  /// nil where nothing is recorded.
  public let tracer: (any Tracer)?

  /// - Parameter tracer: who records spans; nil records none.
  public init(_ tracer: (any Tracer)? = nil) { self.tracer = tracer }

  /// A request or message to be recorded; nil where nobody records.
  public func operation(_ name: String?, module: String? = nil, isProbe: Bool = false) -> Operation? {
    tracer == nil ? nil : Operation(name, module: module, isProbe: isProbe)
  }

  /// Runs `body` in a span, on the caller's executor.
  /// - Parameters:
  ///   - name: of low cardinality: a template, a statement's name, an event type.
  ///   - parent: the span that asks for the work; nil begins a trace, if there is a tracer.
  ///   - operation: the request or message that begins with it; nil for a part of that in flight.
  ///   - body: gets the span, nil without a tracer. It is ended when `body` returns or throws; what is thrown marks it
  ///     as an error.
  public func around<Value, Failure: Error>(
    _ name: String,
    _ kind: SpanKind,
    parent: SpanContext? = SpanContext.current,
    operation: Operation? = nil,
    isolation: isolated (any Actor)? = #isolation,
    _ body: ((any Tracing.Span)?) async throws(Failure) -> Value
  ) async throws(Failure) -> Value {
    guard tracer != nil || parent != SpanContext.current else { return try await body(nil) }
    var outer = parent.map { InstrumentationContext(span: $0) } ?? .topLevel
    outer.operation = operation ?? Operation.current
    let span: (any Tracing.Span)? = tracer.map { $0.startSpan(name, context: outer, ofKind: kind) }
    let result: Result<Value, Failure> = await InstrumentationContext.withValue(span?.context ?? outer) {
      _ = isolation
      do throws(Failure) {
        return .success(try await body(span))
      } catch {
        return .failure(error)
      }
    }
    if case .failure(let error) = result {
      span?.attributes["error.type"] = SpanAttribute.string("\(type(of: error))")
      span?.setStatus(SpanStatus(code: .error))
    }
    span?.end()
    return try result.get()
  }
}
