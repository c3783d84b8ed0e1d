public import HTTPTransport
public import HTTPTypes
public import SharedAuth
public import Time

/// The way to another service: every call with a token, and one place where failures get their names. Proxy, spans and
/// metrics are those of the `HTTPClient`.
public struct UpstreamClient: Sendable {
  public let baseURL: HTTPURL
  /// For one call, once there is a token for it.
  public let timeout: Duration
  private let client: HTTPClient
  private let tokens: UpstreamTokens

  public init(baseURL: HTTPURL, client: HTTPClient, tokens: UpstreamTokens, timeout: Duration) {
    self.baseURL = baseURL
    self.client = client
    self.tokens = tokens
    self.timeout = timeout
  }

  /// For the token of a call, which is no part of the call's own time (docs/contract/adoption.md §4).
  public var tokenTimeout: Duration { tokens.requestTimeout }

  /// What deadlines are measured by.
  public var clock: any MonotonicClock { client.clock }

  /// A call of this service that is about to be made.
  /// - Parameters:
  ///   - segments: of the path below the base URL; none of them can climb or hold a further one.
  ///   - query: names and values, not yet encoded.
  ///   - body: JSON; nil for none.
  ///   - user: on whose behalf; nil for this service itself.
  ///   - isRead: whether it only reads, so that it may be sent again when a connection breaks. Default true.
  ///   - wantsOK: whether no status but 200 is success. Default false: any 2xx is.
  ///   - place: what errors call it, where callers must not learn the host; nil for method and URL.
  public func call(
    _ method: HTTPRequest.Method,
    _ segments: [String],
    query: [(String, String)] = [],
    body: [UInt8]? = nil,
    user: String? = nil,
    isRead: Bool = true,
    wantsOK: Bool = false,
    place: String? = nil
  ) -> UpstreamCall {
    UpstreamCall(
      method,
      baseURL.path(segments: segments, query: query),
      body: body,
      user: user,
      isRead: isRead,
      wantsOK: wantsOK,
      place: place
    )
  }

  /// Makes a call.
  /// - Parameter deadline: of the caller, for the token and the call together; the time-out of each holds besides.
  /// - Returns: the body of the answer.
  /// - Throws: `UpstreamFailure`. A 401 is met with a new token, once: an upstream that refuses a token does nothing.
  public func send(
    _ call: UpstreamCall,
    deadline: MonotonicInstant
  ) async throws(UpstreamFailure) -> [UInt8] {
    var token = try await self.token(call, deadline)
    var response = try await exchange(call, token, deadline)
    if response.status == .unauthorized, tokens.evict(token) {
      token = try await self.token(call, deadline)
      response = try await exchange(call, token, deadline)
    }
    let status = response.status
    guard call.wantsOK ? status == .ok : status.kind == .successful else {
      throw .refused(
        UpstreamFailure.Answer(code: status.code, reason: status.registeredPhrase, place: call.place)
      )
    }
    return response.body
  }

  private func token(
    _ call: UpstreamCall,
    _ deadline: MonotonicInstant
  ) async throws(UpstreamFailure) -> String {
    do {
      return try await tokens.token(username: call.user, deadline: deadline)
    } catch {
      throw .noAnswer(text: error.text, cause: "token: \(error.text)", mayHaveHappened: false)
    }
  }

  private func exchange(
    _ call: UpstreamCall,
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
      return try await client.send(request, deadline: min(deadline, client.clock.now() + timeout))
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
