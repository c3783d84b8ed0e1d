public import Time

/// Where credentials come from.
public protocol AWSCredentialsProvider: Sendable {
  /// Credentials that are good now.
  /// - Throws: `BrokerError`: `denied` or `unavailable`.
  func credentials(deadline: MonotonicInstant) async throws(BrokerError) -> AWSCredentials

  /// Told that AWS does not take these credentials.
  /// - Returns: whether a retry makes sense, because it will have other credentials.
  func discard(_ credentials: AWSCredentials, because reason: AWSCredentialRefusal) -> Bool
}

/// Why AWS does not take credentials.
public enum AWSCredentialRefusal: Sendable {
  /// Their time is over.
  case expired
  /// It does not know them, or does not know them any more.
  case unknown
}
