public import Crypto
internal import SharedAuth
public import Time

/// What requests to AWS are signed with.
public struct AWSCredentials: Sendable {
  /// Names the key; not secret.
  public let accessKeyID: String
  /// What signatures are made with.
  public let secretAccessKey: Secret
  /// Belongs to temporary credentials; nil for those of a user.
  public let sessionToken: Secret?
  /// When temporary credentials end; nil for never.
  public let expiry: Timestamp?

  /// - Parameters:
  ///   - accessKeyID: names the key.
  ///   - secretAccessKey: what signatures are made with.
  ///   - sessionToken: of temporary credentials; nil for those of a user.
  ///   - expiry: when temporary credentials end; nil for never.
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

  /// What an emulator takes (docs/contract/platform.md §5.7).
  public static let emulator = AWSCredentials(accessKeyID: "any", secretAccessKey: Secret("any"))
}

extension AWSCredentials: AWSCredentialsProvider {
  /// These, as long as the process lives.
  public func credentials(deadline: MonotonicInstant) async throws(BrokerError) -> AWSCredentials { self }

  /// False: there are no others.
  public func discard(_ credentials: AWSCredentials, because reason: AWSCredentialRefusal) -> Bool { false }
}
