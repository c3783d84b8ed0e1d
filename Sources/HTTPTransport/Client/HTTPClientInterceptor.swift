/// Goes around each request of a client: it may add fields, measure, and must send the request once through `send`, whose
/// outcome it returns. Runs where the sender runs.
public typealias HTTPClientInterceptor =
  @Sendable (
    _ request: ClientRequest,
    _ send: (ClientRequest) async throws(HTTPClientError) -> ClientResponse
  ) async throws(HTTPClientError) -> ClientResponse
