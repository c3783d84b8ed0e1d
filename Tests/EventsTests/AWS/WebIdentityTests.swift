import AWSPeer
import Crypto
import EventLoops
import Foundation
import HTTPTransport
import HTTPTypes
import SharedAuth
import Synchronization
import TestKit
import Testing
import Time

@testable import Events

@Suite struct WebIdentityTests {
  /// What an exchange does, and the clocks it is seen by.
  private final class Source: Sendable {
    struct State {
      var exchanges = 0
      var failure: BrokerError?
      var isHeld = false
      var held: [CheckedContinuation<Void, Never>] = []
      var time = Timestamp(seconds: 1_768_472_430)
    }

    private struct Clock: WallClock {
      let source: Source
      func now() -> Timestamp { source.state.withLock { $0.time } }
    }

    let state = Mutex(State())
    let instants = ManualClock()

    var exchanges: Int { state.withLock { $0.exchanges } }
    var heldCount: Int { state.withLock { $0.held.count } }

    func fail(_ error: BrokerError?) { state.withLock { $0.failure = error } }
    func hold() { state.withLock { $0.isHeld = true } }

    func release() {
      let held = state.withLock { state in
        state.isHeld = false
        defer { state.held = [] }
        return state.held
      }
      for continuation in held { continuation.resume() }
    }

    func advance(_ duration: Duration) {
      state.withLock { $0.time = $0.time + duration }
      instants.advance(by: duration)
    }

    /// Credentials for an hour, numbered.
    func provider() -> WebIdentityCredentials {
      WebIdentityCredentials(
        clock: Clock(source: self),
        monotonicClock: instants,
        logger: quiet
      ) { (_) async throws(BrokerError) in
        await withCheckedContinuation { continuation in
          let waits = self.state.withLock { state in
            state.exchanges += 1
            if state.isHeld { state.held.append(continuation) }
            return state.isHeld
          }
          if !waits { continuation.resume() }
        }
        let (failure, number, time) = self.state.withLock { ($0.failure, $0.exchanges, $0.time) }
        if let failure { throw failure }
        return AWSCredentials(
          accessKeyID: "key-\(number)",
          secretAccessKey: Secret("secret"),
          sessionToken: Secret("token"),
          expiry: time + .seconds(3600)
        )
      }
    }
  }

  private func id(
    _ source: Source,
    _ provider: WebIdentityCredentials,
    within time: Duration = patience
  ) async throws -> Result<String, BrokerError> {
    try await Loops.run { () async -> Result<String, BrokerError> in
      do throws(BrokerError) {
        return .success(try await provider.credentials(deadline: source.instants.now() + time).accessKeyID)
      } catch {
        return .failure(error)
      }
    }
  }

  @Test("A hundred callers share one exchange, and later ones its result")
  func shared() async throws {
    let source = Source()
    let provider = source.provider()
    source.hold()
    let ids = try await withThrowingTaskGroup(of: String.self) { group in
      for _ in 0..<100 { group.addTask { try await id(source, provider).get() } }
      try await eventually("the exchange is in flight") { source.heldCount == 1 }
      source.release()
      return try await group.reduce(into: Set()) { $0.insert($1) }
    }
    #expect(ids == ["key-1"])
    #expect(try await id(source, provider).get() == "key-1")
    #expect(source.exchanges == 1)
  }

  @Test("They are renewed in the background before they expire, without anybody waiting")
  func renewed() async throws {
    let source = Source()
    let provider = source.provider()
    #expect(try await id(source, provider).get() == "key-1")
    source.advance(.seconds(2900))
    #expect(try await id(source, provider).get() == "key-1")
    #expect(source.exchanges == 1)
    source.hold()
    source.advance(.seconds(200))
    for _ in 0..<5 { #expect(try await id(source, provider).get() == "key-1") }
    try await eventually("one renewal is in flight") { source.heldCount == 1 }
    #expect(source.exchanges == 2)
    source.release()
    try await eventually("the new ones are used") { try await id(source, provider).get() == "key-2" }
  }

  @Test("While renewal fails those there are stay in use until they expire, and tries have pauses")
  func failing() async throws {
    let source = Source()
    let provider = source.provider()
    #expect(try await id(source, provider).get() == "key-1")
    let failure = BrokerError(.unavailable, "STS is down")
    source.fail(failure)
    source.advance(.seconds(3100))
    for _ in 0..<10 { #expect(try await id(source, provider).get() == "key-1") }
    try await eventually("the renewal has failed") { source.exchanges == 2 }
    for _ in 0..<10 { #expect(try await id(source, provider).get() == "key-1") }
    #expect(source.exchanges == 2)
    // Expired: callers wait for an exchange, or hear at once why the last one failed.
    source.advance(.seconds(495))
    #expect(try await id(source, provider) == .failure(failure))
    #expect(source.exchanges == 3)
    #expect(try await id(source, provider) == .failure(failure))
    #expect(source.exchanges == 3)
    source.fail(nil)
    source.advance(.seconds(60))
    #expect(try await id(source, provider).get() == "key-4")
  }

  @Test("A caller waits until its own deadline; discarded credentials are exchanged again")
  func deadlineAndDiscard() async throws {
    let source = Source()
    let provider = source.provider()
    source.hold()
    let impatient = Task { try await id(source, provider, within: .milliseconds(20)) }
    try await eventually("the caller waits") { source.instants.timers == 1 }
    source.advance(.milliseconds(20))
    #expect(
      try await impatient.value == .failure(BrokerError(.unavailable, "no AWS credentials in time"))
    )
    source.release()
    #expect(try await id(source, provider).get() == "key-1")
    let stale = AWSCredentials(accessKeyID: "key-0", secretAccessKey: Secret(""))
    #expect(provider.discard(stale, because: .expired))
    #expect(try await id(source, provider).get() == "key-1")
    #expect(
      provider.discard(AWSCredentials(accessKeyID: "key-1", secretAccessKey: Secret("")), because: .expired)
    )
    #expect(try await id(source, provider).get() == "key-2")
  }

  @Test(
    "Credentials that AWS does not know are exchanged before their time, but not when they are a minute old or less"
  )
  func unknown() async throws {
    let source = Source()
    let provider = source.provider()
    #expect(try await id(source, provider).get() == "key-1")
    func discard(_ key: String) -> Bool {
      provider.discard(AWSCredentials(accessKeyID: key, secretAccessKey: Secret("")), because: .unknown)
    }
    #expect(!discard("key-1"))
    #expect(try await id(source, provider).get() == "key-1")
    source.advance(.seconds(61))
    #expect(discard("key-1"))
    #expect(try await id(source, provider).get() == "key-2")
    // Told late by a call that was in flight with the first.
    #expect(discard("key-1"))
    #expect(!discard("key-2"))
    #expect(source.exchanges == 2)
  }

  // MARK: With STS

  private func settings(token: String?) throws -> AWSCredentialSettings {
    let file = NSTemporaryDirectory() + "gateway-web-identity-\(UInt32.random(in: 0...UInt32.max))"
    if let token { try token.write(toFile: file, atomically: true, encoding: .utf8) }
    var settings = AWSCredentialSettings()
    settings.roleARN = "arn:aws:iam::000000000000:role/gateway"
    settings.webIdentityTokenFile = file
    return settings
  }

  @Test("A token is exchanged at moto's STS, and what comes signs requests")
  func exchange() async throws {
    try await Moto.run { (moto) async throws in
      try await moto.create(QueueDefinition(moto.name("q")))
      let client = HTTPClient(group: Loops.shared)
      let provider = try settings(token: "header.payload.signature\n").provider(
        endpoints: moto.endpoints,
        client: client,
        clock: SystemClock(),
        logger: quiet
      )
      let credentials = try await Loops.run { try await provider.credentials(deadline: .soon) }
      #expect(credentials.accessKeyID.hasPrefix("ASIA"))
      #expect(credentials.sessionToken != nil)
      let life = try #require(credentials.expiry).seconds - SystemClock().now().seconds
      #expect((3000...3700).contains(life))
      let broker = AWSBroker(
        endpoints: moto.endpoints,
        credentials: provider,
        client: client,
        clock: SystemClock()
      )
      _ = try await broker.queue(moto.name("q")).send(OutgoingMessage("a"), deadline: .soon)
      #expect(try await moto.queue("q").take().map(\.text) == ["a"])
      await client.shutdown()
    }
  }

  @Test("STS is asked without a signature, with the token in the body")
  func request() async throws {
    let answer = """
      <AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
      <AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>ID</AccessKeyId><SecretAccessKey>S</SecretAccessKey>
      <SessionToken>T</SessionToken><Expiration>2126-01-15T10:20:30Z</Expiration></Credentials>
      </AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>
      """
    try await ScriptedAWS.run([ScriptedAWS.Answer(body: answer)]) { (server, broker) async throws in
      let client = HTTPClient(group: Loops.shared)
      let provider = try settings(token: "a+b").provider(
        endpoints: broker.endpoints,
        client: client,
        clock: SystemClock(),
        logger: quiet
      )
      let credentials = try await Loops.run { try await provider.credentials(deadline: .soon) }
      #expect(credentials.secretAccessKey.reveal() == "S" && credentials.sessionToken?.reveal() == "T")
      #expect(credentials.expiry == Timestamp(seconds: 4_924_146_030))
      let request = try #require(server.received.first)
      #expect(
        request.body == "Action=AssumeRoleWithWebIdentity&Version=2011-06-15"
          + "&RoleArn=arn%3Aaws%3Aiam%3A%3A000000000000%3Arole%2Fgateway&RoleSessionName=gateway&WebIdentityToken=a%2Bb"
      )
      #expect(request.fields[.authorization] == nil)
      await client.shutdown()
    }
  }

  @Test("No token, an empty one, and an STS that refuses it are denied, without the token in the text")
  func denied() async throws {
    let refusal = ScriptedAWS.Answer(
      status: .badRequest,
      body:
        "<ErrorResponse><Error><Code>InvalidIdentityToken</Code><Message>not valid</Message></Error></ErrorResponse>"
    )
    try await ScriptedAWS.run([refusal]) { (server, broker) async throws in
      let client = HTTPClient(group: Loops.shared)
      for token in [nil, " \n", "the-token"] {
        let provider = try settings(token: token).provider(
          endpoints: broker.endpoints,
          client: client,
          clock: SystemClock(),
          logger: quiet
        )
        let error = await brokerError { () async throws(BrokerError) in
          _ = try await provider.credentials(deadline: .soon)
        }
        #expect(error?.kind == .denied)
        #expect(error?.description.contains("the-token") == false)
      }
      #expect(server.actions.count == 1)
      await client.shutdown()
    }
  }

  @Test("Keys win over a web identity, and neither is an error that names the settings")
  func chain() async throws {
    let client = HTTPClient(group: Loops.shared)
    let endpoints = try AWSEndpoints(region: "eu-west-2")
    var settings = try settings(token: nil)
    settings.accessKeyID = "ID"
    settings.secretAccessKey = Secret("S")
    settings.sessionToken = Secret("T")
    let credentials = try await settings.provider(
      endpoints: endpoints,
      client: client,
      clock: SystemClock(),
      logger: quiet
    )
    .credentials(deadline: .soon)
    #expect(credentials.accessKeyID == "ID" && credentials.sessionToken?.reveal() == "T")
    #expect(throws: BrokerError.self) {
      try AWSCredentialSettings().provider(
        endpoints: endpoints,
        client: client,
        clock: SystemClock(),
        logger: quiet
      )
    }
    #expect(throws: HTTPURLError.self) { try AWSEndpoints(region: "eu west/2") }
    await client.shutdown()
  }
}
