internal import Crypto
public import HTTPTransport
internal import HTTPTypes
public import Logging

extension UpstreamTokens {
  /// Bytes of a token answer at the most.
  private static let maximumAnswerBytes = 65_536

  /// Tokens from `{issuer}/oauth/token` (docs/contract/upstreams.md §2.1).
  /// - Parameter issuer: the base of HMPPS Auth, such as `https://sign-in.example/auth`.
  public convenience init(
    configuration: UpstreamTokensConfiguration,
    logger: Logger,
    client: HTTPClient,
    issuer: HTTPURL
  ) {
    let url = issuer.path("/oauth/token")
    self.init(configuration: configuration, logger: logger, clock: client.clock) { token, deadline in
      // Idempotent, though a POST: asking twice grants two tokens, of which one is used.
      let request = ClientRequest(
        method: .post,
        url: url,
        fields: [
          .accept: "application/json", .contentType: "application/x-www-form-urlencoded",
          .authorization: token.authorization.reveal(),
        ],
        body: Array(token.body.utf8),
        isIdempotent: true,
        maximumResponseBytes: Self.maximumAnswerBytes
      )
      do throws(HTTPClientError) {
        let response = try await client.send(request, deadline: deadline)
        return TokenResponse(status: response.status.code, body: response.body)
      } catch  where error.isTimeout {
        throw UpstreamTokenError.timedOut
      }
    }
  }
}
