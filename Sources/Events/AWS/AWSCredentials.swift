public import Crypto
internal import SharedAuth
public import Time

/// What requests to AWS are signed with.
public struct AWSCredentials: Sendable {
  public let accessKeyID: String
  public let secretAccessKey: Secret
  /// Belongs to temporary credentials; nil for those of a user.
  public let sessionToken: Secret?
  /// When temporary credentials end; nil for never.
  public let expiry: Timestamp?

  public init(
    accessKeyID: String,
    secretAccessKey: Secret,
    sessionToken: Secret? = nil,
    expiry: Timestamp? = nil
  ) {
    self.accessKeyID = accessKeyID
    self.secretAccessKey = secretAccessKey
    self.sessionToken = sessionToken
    self.expiry = expiry
  }

  /// What an emulator takes (`platform.md` §5.7).
  public static let emulator = AWSCredentials(accessKeyID: "any", secretAccessKey: Secret("any"))
}

/// Where credentials come from.
public protocol AWSCredentialsProvider: Sendable {
  /// Credentials that are good now.
  /// - Throws: `BrokerError`: `denied` or `unavailable`.
  func credentials(deadline: MonotonicInstant) async throws(BrokerError) -> AWSCredentials

  /// Told that AWS does not take these credentials.
  /// - Returns: whether another try makes sense, because it will have others.
  func discard(_ credentials: AWSCredentials, because reason: AWSCredentialRefusal) -> Bool
}

/// Why AWS does not take credentials.
public enum AWSCredentialRefusal: Sendable {
  /// Their time is over.
  case expired
  /// It does not know them, or does not know them any more.
  case unknown
}

extension AWSCredentials: AWSCredentialsProvider {
  /// These, as long as the process lives.
  public func credentials(deadline: MonotonicInstant) async throws(BrokerError) -> AWSCredentials { self }

  public func discard(_ credentials: AWSCredentials, because reason: AWSCredentialRefusal) -> Bool { false }
}
