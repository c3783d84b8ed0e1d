public import HTTPTransport
internal import HTTPTypes
public import Logging

/// Why an issuer's key set did not come, when HTTP itself went well.
struct KeySetStatusError: Error, CustomStringConvertible {
  let status: Int
  var description: String { "status \(status)" }
}

extension JWKSCache {
  /// Bytes of a key set at the most: some 400 keys.
  private static let maximumKeySetBytes = 262_144

  /// The keys at `{issuer}/.well-known/jwks.json` (docs/contract/upstreams.md §2.3).
  /// - Parameter issuer: the base of HMPPS Auth, such as `https://sign-in.example/auth`.
  public convenience init(
    configuration: JWKSCacheConfiguration = JWKSCacheConfiguration(),
    logger: Logger,
    client: HTTPClient,
    issuer: HTTPURL
  ) {
    let request = ClientRequest(
      url: issuer.path("/.well-known/jwks.json"),
      fields: [.accept: "application/json, application/jwk-set+json"],
      maximumResponseBytes: Self.maximumKeySetBytes
    )
    self.init(configuration: configuration, logger: logger, clock: client.clock) { deadline in
      let response = try await client.send(request, deadline: deadline)
      guard response.status == .ok else { throw KeySetStatusError(status: response.status.code) }
      return response.body
    }
  }
}
