internal import Postgres
internal import ServiceKit
internal import Text
internal import Time
internal import Tracing

/// Measures each statement of one database; in a sampled trace it gets a span as well.
struct DatabaseObserver: PostgresObserver {
  let name: String
  let durations: DurationHistogram<StatementLabels>
  let spans: Spans
  /// Host and name: `db.example | non_associations`.
  let place: String

  func began(_ statement: PostgresStatement) -> (any AnyObject & Sendable)? {
    guard let tracer = spans.tracer, let context = InstrumentationContext.current, context.span != nil else {
      return nil
    }
    let span = tracer.startSpan(statement.name, context: context, ofKind: .client) as? TraceSpan
    return span.flatMap { $0.isRecording ? $0 : nil }
  }

  func ended(
    _ statement: PostgresStatement,
    took duration: Duration,
    error: PostgresError?,
    _ begun: (any AnyObject & Sendable)?
  ) {
    let kind = error.map { "\($0.kind)" } ?? ""
    durations.record(
      duration,
      StatementLabels(database: name, statement: statement.name, error: kind)
    )
    guard let span = begun as? TraceSpan else { return }
    span.updateAttributes { attributes in
      attributes["db.system.name"] = "postgresql"
      attributes["db.query.summary"] = SpanAttribute.string(statement.name)
      attributes["db.namespace"] = SpanAttribute.string(name)
      if let error {
        attributes["error.type"] = SpanAttribute.string(kind)
        if let state = error.sqlState { attributes["db.response.status_code"] = SpanAttribute.string(state) }
      }
    }
    span.detail { detail in
      detail.data = statement.sql
      detail.target = place
    }
    if error != nil { span.setStatus(SpanStatus(code: .error)) }
    span.end()
  }
}
