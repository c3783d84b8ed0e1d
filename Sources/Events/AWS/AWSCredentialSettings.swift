public import Crypto
public import HTTPTransport
public import Logging
internal import SharedAuth
public import Time

/// The settings that credentials are found with (docs/contract/platform.md §5.8), named as AWS's own tools name them.
public struct AWSCredentialSettings: Sendable {
  /// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`.
  public var accessKeyID: String?
  /// `AWS_SECRET_ACCESS_KEY`.
  public var secretAccessKey: Secret?
  /// `AWS_SESSION_TOKEN`.
  public var sessionToken: Secret?
  /// `AWS_ROLE_ARN`, `AWS_WEB_IDENTITY_TOKEN_FILE`, `AWS_ROLE_SESSION_NAME`.
  public var roleARN: String?
  /// `AWS_WEB_IDENTITY_TOKEN_FILE`.
  public var webIdentityTokenFile: String?
  /// What AWS's own logs call this process. Default `gateway`.
  public var roleSessionName = "gateway"

  /// Nothing set.
  public init() {}

  /// Keys if both are given, else a web identity.
  /// - Throws: `BrokerError` of kind `denied`, naming the settings, if neither is there.
  public func provider(
    endpoints: AWSEndpoints,
    client: HTTPClient,
    clock: any WallClock,
    logger: Logger
  ) throws(BrokerError) -> any AWSCredentialsProvider {
    if let accessKeyID, let secretAccessKey, !accessKeyID.isEmpty {
      return AWSCredentials(
        accessKeyID: accessKeyID,
        secretAccessKey: secretAccessKey,
        sessionToken: sessionToken
      )
    }
    if let roleARN, let webIdentityTokenFile, !roleARN.isEmpty, !webIdentityTokenFile.isEmpty {
      let exchange = WebIdentityExchange(
        roleARN: roleARN,
        tokenFile: webIdentityTokenFile,
        sessionName: roleSessionName,
        endpoints: endpoints,
        client: client,
        clock: clock
      )
      return WebIdentityCredentials(clock: clock, monotonicClock: client.clock, logger: logger) {
        (deadline) throws(BrokerError) in
        try await exchange.credentials(deadline: deadline)
      }
    }
    throw BrokerError(
      .denied,
      "no AWS credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_ROLE_ARN and "
        + "AWS_WEB_IDENTITY_TOKEN_FILE"
    )
  }
}
