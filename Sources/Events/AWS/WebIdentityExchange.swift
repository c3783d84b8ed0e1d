internal import Crypto
internal import HTTPTransport
internal import ServiceKit
internal import SharedAuth
internal import Time

/// Exchanges a web identity token for temporary credentials: STS, action AssumeRoleWithWebIdentity.
struct WebIdentityExchange: Sendable {
  /// A token has a few KiB; what is much larger is another file.
  private static let maximumTokenBytes = 65_536

  private let roleARN: String
  private let tokenFile: String
  private let sessionName: String
  private let sts: AWSClient

  init(
    roleARN: String,
    tokenFile: String,
    sessionName: String,
    endpoints: AWSEndpoints,
    client: HTTPClient,
    clock: any WallClock
  ) {
    self.roleARN = roleARN
    self.tokenFile = tokenFile
    self.sessionName = sessionName
    sts = AWSClient(
      service: "sts",
      endpoint: endpoints.sts,
      region: endpoints.region,
      credentials: nil,
      client: client,
      clock: clock
    )
  }

  /// - Throws: `BrokerError`: `denied` if there is no token, or STS refuses it.
  func credentials(deadline: MonotonicInstant) async throws(BrokerError) -> AWSCredentials {
    let token = try await token()
    let call = AWSCall.query(
      "AssumeRoleWithWebIdentity",
      version: "2011-06-15",
      [("RoleArn", roleARN), ("RoleSessionName", sessionName), ("WebIdentityToken", token)]
    )
    do throws(AWSError) {
      let answer = try await sts.sendQuery(call, deadline: deadline)
      guard let parts = answer.first("AssumeRoleWithWebIdentityResult")?.first("Credentials"),
        let id = parts.text("AccessKeyId"), let secret = parts.text("SecretAccessKey"),
        let session = parts.text("SessionToken"), let end = parts.text("Expiration"),
        let expiry = Timestamp(instantText: end)
      else { throw AWSError(.unavailable, "STS AssumeRoleWithWebIdentity: no credentials in the answer") }
      return AWSCredentials(
        accessKeyID: id,
        secretAccessKey: Secret(secret),
        sessionToken: Secret(session),
        expiry: expiry
      )
    } catch {
      throw error.brokerError
    }
  }

  /// Read at each exchange, because the cluster puts a new token there before the old one expires.
  private func token() async throws(BrokerError) -> String {
    let path = tokenFile
    // Off the event loop: reading a file may block the thread.
    let content = await Task.detached { FileBytes.read(path, limit: Self.maximumTokenBytes) }.value
    guard let content, let text = String(validating: content, as: UTF8.self) else {
      throw BrokerError(.denied, "the file of AWS_WEB_IDENTITY_TOKEN_FILE cannot be read")
    }
    let token = String(text.filter { !$0.isWhitespace })
    guard !token.isEmpty else {
      throw BrokerError(.denied, "the file of AWS_WEB_IDENTITY_TOKEN_FILE is empty")
    }
    return token
  }
}
