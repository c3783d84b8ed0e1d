internal import HTTPTransport
internal import HTTPTypes

/// How one attempt to send a batch went.
enum ExportOutcome<Item: Sendable>: Sendable {
  /// The collector has what it will take; so many items it refused for good.
  case delivered(refused: Int)
  /// These are worth a retry, not before the given time has passed; so many others were refused for good.
  case again([Item], after: Duration?, refused: Int, reason: String)
  /// The collector will not take the batch.
  case refused(reason: String)

  /// Sends, and reads the outcome off the status alone: 429, 502, 503 and 504 are worth another try (OTLP/HTTP,
  /// "Retryable Response Codes").
  init(of items: [Item], _ send: () async throws(HTTPClientError) -> ClientResponse) async {
    let response: ClientResponse
    do {
      response = try await send()
    } catch {
      self = .again(items, after: nil, refused: 0, reason: error.description)
      return
    }
    switch response.status.code {
    case 200..<300: self = .delivered(refused: 0)
    case 429, 502, 503, 504:
      self = .again(
        items,
        after: response.retryAfter,
        refused: 0,
        reason: "status \(response.status.code)"
      )
    default: self = .refused(reason: "status \(response.status.code)")
    }
  }
}

extension ClientResponse {
  /// `Retry-After` in seconds, at most five minutes; nil when there is none, or a date.
  var retryAfter: Duration? {
    fields[.retryAfter].flatMap { UInt16($0) }.map { .seconds(min(Int64($0), 300)) }
  }
}
