/// What of a span only Application Insights gets, because it may name prisoners: collectors of spans never do.
struct SpanDetail: Sendable {
  /// The whole URL that was asked for, or the statement without its values.
  var data: String?
  /// The host that was called, or host and database.
  var target: String?
  /// Method and path of a call.
  var name: String?
  /// The address of the client.
  var client: String?
}
