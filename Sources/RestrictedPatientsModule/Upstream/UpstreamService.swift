import HTTPTransport
import HTTPTypes
internal import JSON
import ServiceKit
import SharedAuth
internal import Time

/// One of the services that the module calls: every call with a token, a deadline and one place where failures get their
/// names.
struct UpstreamService: Sendable {
  let baseURL: HTTPURL
  let client: HTTPClient
  let tokens: UpstreamTokens
  /// For one call, its token among it.
  let timeout: Duration

  /// A call that is about to be made.
  struct Call {
    var method: HTTPRequest.Method
    var url: HTTPURL
    var body: [UInt8]?
    /// On whose behalf; nil for this service itself.
    var user: String?
    /// Whether it only reads, so that it may be sent again when a connection breaks.
    var isRead = true

    var place: String { "\(method.rawValue) \(url.withoutQuery)" }
  }

  /// Makes a call.
  /// - Returns: the body of a 2xx answer.
  /// - Throws: `UpstreamFailure`. A 401 is met with a new token, once: an upstream that refuses a token does nothing.
  func send(_ call: Call, deadline: MonotonicInstant) async throws(UpstreamFailure) -> [UInt8] {
    let deadline = min(deadline, .now() + timeout)
    var token = try await self.token(call, deadline)
    var response = try await exchange(call, token, deadline)
    if response.status == .unauthorized, tokens.evict(token) {
      token = try await self.token(call, deadline)
      response = try await exchange(call, token, deadline)
    }
    guard response.status.kind == .successful else {
      throw .refused(
        UpstreamFailure.Answer(
          code: response.status.code,
          reason: response.status.registeredPhrase,
          method: call.method.rawValue,
          url: "\(call.url.withoutQuery)"
        )
      )
    }
    return response.body
  }

  /// Reads an answer's body.
  /// - Throws: `UpstreamFailure.unreadable`.
  func read<Value>(
    _ body: [UInt8],
    of call: Call,
    _ convert: (JSONValue) throws(UnreadableObject) -> Value
  ) throws(UpstreamFailure) -> Value {
    let text = "Unreadable answer from \(call.place)"
    let value: JSONValue
    do {
      value = try JSONValue(parsing: body)
    } catch {
      throw .unreadable(text: text, cause: error.description)
    }
    do {
      return try convert(value)
    } catch {
      throw .unreadable(text: text, cause: error.reason)
    }
  }

  private func token(_ call: Call, _ deadline: MonotonicInstant) async throws(UpstreamFailure) -> String {
    do {
      return try await tokens.token(username: call.user, deadline: deadline)
    } catch {
      throw .noAnswer(text: error.text, cause: "token: \(error.text)", mayHaveHappened: false)
    }
  }

  private func exchange(
    _ call: Call,
    _ token: String,
    _ deadline: MonotonicInstant
  ) async throws(UpstreamFailure) -> ClientResponse {
    var fields: HeaderFields = [.authorization: "Bearer \(token)", .accept: "application/json"]
    if call.body != nil { fields[.contentType] = "application/json" }
    let request = ClientRequest(
      method: call.method,
      url: call.url,
      fields: fields,
      body: call.body,
      isIdempotent: call.isRead
    )
    do {
      return try await client.send(request, deadline: deadline)
    } catch {
      let text = error.isTimeout ? "Timed out waiting for \(call.place)" : "No answer from \(call.place)"
      throw .noAnswer(text: text, cause: error.description, mayHaveHappened: error.mayHaveBeenSent)
    }
  }
}

extension HTTPClientError {
  /// Whether the request may have reached the upstream.
  fileprivate var mayHaveBeenSent: Bool {
    switch self {
    case .connect, .proxy, .noConnectionInTime, .poolExhausted, .shutDown: false
    default: true
    }
  }
}
