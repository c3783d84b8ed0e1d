/// When `JWKSCache` asks for keys.
public struct JWKSCacheConfiguration: Sendable {
  /// How long one fetch may take, and so how long a request waits for keys at most. Default 5 seconds.
  public var fetchTimeout: Duration = .seconds(5)
  /// From the beginning of a fetch to that of the next, whatever tokens come: an unknown `kid` costs the issuer nothing
  /// more, and a token signed by a brand-new key may be asked to come again for this long. Default 5 seconds.
  public var minimumInterval: Duration = .seconds(5)
  /// The same while there are no keys at all and every request fails with 503. Default 1 second.
  public var retryInterval: Duration = .seconds(1)
  /// The age at which keys in use are fetched again, in the background, so that a withdrawn key stops counting.
  /// Default 5 minutes.
  public var refreshInterval: Duration = .seconds(300)

  public init() {}
}

/// What has become of an issuer's keys, for health checks and metrics.
public struct JWKSStatus: Sendable, Hashable {
  /// Keys in use; 0 until the first fetch has succeeded.
  public let usableKeys: Int
  /// Keys of the set in use that cannot check RS256 signatures.
  public let skippedKeys: Int
  /// Fetches since the start, the failed ones among them.
  public let fetches: Int
  public let failedFetches: Int
}
