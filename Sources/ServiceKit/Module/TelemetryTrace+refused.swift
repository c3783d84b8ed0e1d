internal import HTTPTransport
internal import HTTPTypes
internal import JSON

extension TelemetryTrace {
  /// The line of a refused request (docs/contract/adoption.md §3), with the text of the answer.
  static func refused(_ response: ServerResponse) -> TelemetryTrace {
    let body = (try? JSONValue(parsing: response.body))?.object
    let text = body?["developerMessage"]?.string ?? body?["userMessage"]?.string
    return TelemetryTrace(
      .information,
      "Validation exception: \(text ?? "status \(response.status.code)")",
      summary: "a request was refused"
    )
  }
}
