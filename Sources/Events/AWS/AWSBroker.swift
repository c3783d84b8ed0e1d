public import HTTPTransport
public import Time

/// Topics of SNS and queues of SQS: AWS's own, or an emulator's (docs/contract/platform.md §5.7, §5.8).
public final class AWSBroker: Sendable {
  /// Where SQS, SNS and STS are.
  public let endpoints: AWSEndpoints
  private let credentials: any AWSCredentialsProvider
  private let client: HTTPClient
  private let statusClient: HTTPClient
  private let clock: any WallClock
  private let hints: BrokerHints?

  /// - Parameters:
  ///   - credentials: of ``AWSCredentialSettings``; ``AWSCredentials/emulator`` for an emulator.
  ///   - client: each queue that is consumed holds one of its connections almost all the time.
  ///   - statusClient: asks for the state of topics and queues, so that no message waits for such a call's
  ///     connection; nil for `client`.
  ///   - clock: dates the signatures; AWS refuses one that is 5 minutes off.
  ///   - hints: told when an emulator may have been recreated.
  public init(
    endpoints: AWSEndpoints,
    credentials: any AWSCredentialsProvider,
    client: HTTPClient,
    statusClient: HTTPClient? = nil,
    clock: any WallClock,
    hints: BrokerHints? = nil
  ) {
    self.endpoints = endpoints
    self.credentials = credentials
    self.client = client
    self.statusClient = statusClient ?? client
    self.clock = clock
    self.hints = hints
  }

  /// - Parameters:
  ///   - arn: as AWS has it.
  ///   - credentials: of the topic's own (`HMPPS_SQS_USE_WEB_TOKEN=false`); nil for the broker's.
  public func topic(arn: String, credentials: (any AWSCredentialsProvider)? = nil) -> SNSTopic {
    SNSTopic(arn: arn, sns: sns(credentials), statusClient: statusClient)
  }

  /// A topic of an emulator. It cannot be published to until an ``EmulatorUpkeep`` has found it.
  public func emulatorTopic(_ configured: BrokerNames.Name) -> EmulatorTopic {
    EmulatorTopic(configured, broker: self)
  }

  /// A queue by its name. Keep it: it remembers where the queue is.
  /// - Parameter credentials: of the queue's own (`HMPPS_SQS_USE_WEB_TOKEN=false`); nil for the broker's.
  public func queue(_ name: String, credentials: (any AWSCredentialsProvider)? = nil) -> SQSQueue {
    SQSQueue(
      name: name,
      sqs: sqs(credentials),
      statusClient: statusClient,
      isEmulator: endpoints.isEmulator
    )
  }

  func sns(_ credentials: (any AWSCredentialsProvider)? = nil) -> AWSClient {
    client("sns", endpoints.sns, credentials)
  }

  func sqs(_ credentials: (any AWSCredentialsProvider)? = nil) -> AWSClient {
    client("sqs", endpoints.sqs, credentials)
  }

  private func client(
    _ service: String,
    _ endpoint: HTTPURL,
    _ credentials: (any AWSCredentialsProvider)?
  ) -> AWSClient {
    AWSClient(
      service: service,
      endpoint: endpoint,
      region: endpoints.region,
      credentials: credentials ?? self.credentials,
      client: client,
      clock: clock,
      hints: hints
    )
  }
}
