public import ServiceKit
public import SharedAuth

extension MetricsRegistry {
  /// What becomes of callers' tokens, and of the keys they are checked with.
  public func add(_ verifier: TokenVerifier, keys: JWKSCache) {
    read(.counter, name: "auth_tokens_total", help: "Callers' tokens, by what became of them.") {
      let counts = verifier.statistics
      return [
        MetricSample([("outcome", "verified")], counts.verified),
        MetricSample([("outcome", "remembered")], counts.remembered),
        MetricSample([("outcome", "refused")], counts.refused),
        MetricSample([("outcome", "no_keys")], counts.unchecked),
      ]
    }
    gauge(name: "auth_tokens_cached", help: "Verified tokens that are remembered.") {
      Double(verifier.rememberedTokens)
    }
    read(.counter, name: "auth_jwks_refreshes_total", help: "Fetches of the token issuer's keys, by outcome.")
    {
      let status = keys.status
      return [
        MetricSample([("outcome", "failed")], status.failedFetches),
        MetricSample([("outcome", "fetched")], status.fetches - status.failedFetches),
      ]
    }
    gauge(name: "auth_jwks_keys", help: "Usable keys of the token issuer.") { Double(keys.status.usableKeys) }
  }

  /// How often a module has asked for tokens of its own.
  public func add(_ tokens: UpstreamTokens, module: String) {
    read(
      .counter,
      name: "auth_upstream_token_requests_total",
      help: "Requests for tokens to call other services with."
    ) {
      [MetricSample([("module", module)], tokens.requestCount)]
    }
  }
}
