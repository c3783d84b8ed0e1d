import Crypto
import EventLoops
import HTTPTransport
import HTTPTypes
import PlatformTestKit
import SharedAuth
import Synchronization
import TestKit
import Testing
import Text
import Time

@testable import Events

/// What calls of AWS do when it does not answer as it should.
@Suite struct AWSClientTests {
  private static let url = ScriptedAWS.Answer.json(#"{"QueueUrl":"http://localhost/000000000000/q"}"#)
  private static let sent = ScriptedAWS.Answer.json(#"{"MessageId":"1"}"#)

  private func send(_ broker: AWSBroker, within time: Duration = patience) async -> BrokerError? {
    await brokerError { () async throws(BrokerError) in
      _ = try await broker.queue("q").send(OutgoingMessage("secret body"), deadline: .now() + time)
    }
  }

  @Test("Requests are those of SQS's JSON protocol, signed")
  func request() async throws {
    let token = AWSCredentials(
      accessKeyID: "ID",
      secretAccessKey: Secret("s"),
      sessionToken: Secret("the-token")
    )
    try await ScriptedAWS.run([Self.url, Self.sent], credentials: token) { (server, broker) async throws in
      #expect(await send(broker) == nil)
      #expect(server.actions == ["GetQueueUrl", "SendMessage"])
      let request = try #require(server.received.last)
      #expect(request.body == #"{"QueueUrl":"http://localhost/000000000000/q","MessageBody":"secret body"}"#)
      #expect(request.fields[.contentType] == "application/x-amz-json-1.0")
      #expect(request.fields[.amzTarget] == "AmazonSQS.SendMessage")
      #expect(request.fields[.amzSecurityToken] == "the-token")
      let authorization = try #require(request.fields[.authorization])
      #expect(authorization.hasPrefix("AWS4-HMAC-SHA256 Credential=ID/"))
      #expect(
        authorization.contains(
          "/eu-west-2/sqs/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target, "
        )
      )
    }
  }

  @Test(
    "What may pass is tried again",
    arguments: [
      .error(.badRequest, "RequestThrottled"), .error(.badRequest, "ThrottlingException"),
      .error(.tooManyRequests, "Anything"), .error(.internalServerError, "InternalError"),
      .error(.serviceUnavailable, "ServiceUnavailable"),
      ScriptedAWS.Answer(status: .badGateway, body: "<html>"),
      ScriptedAWS.Answer(status: .forbidden, body: #"{"__type":"com.amazonaws.sqs#OverLimit"}"#),
      ScriptedAWS.Answer(status: .badRequest, body: "[1"),
      ScriptedAWS.Answer(status: .notFound, body: "<html>no such page</html>"),
    ] as [ScriptedAWS.Answer]
  )
  func retried(_ answer: ScriptedAWS.Answer) async throws {
    try await ScriptedAWS.run([Self.url, answer, answer, Self.sent]) { (server, broker) async throws in
      #expect(await send(broker) == nil)
      #expect(server.actions == ["GetQueueUrl", "SendMessage", "SendMessage", "SendMessage"])
    }
  }

  @Test("Tries are bounded, by their number and by the deadline")
  func bounded() async throws {
    try await ScriptedAWS.run([Self.url, .error(.internalServerError, "InternalError")]) {
      (server, broker) async throws in
      #expect(await send(broker)?.kind == .unavailable)
      #expect(server.actions.count == 5)
    }
    try await ScriptedAWS.run([Self.url, .error(.badRequest, "RequestThrottled")]) {
      (server, broker) async throws in
      // The pause after being throttled would be longer than what is left.
      #expect(await send(broker, within: .milliseconds(240))?.kind == .throttled)
      #expect(server.actions.count <= 2)
    }
    try await ScriptedAWS.run([Self.url, .hang]) { (server, broker) async throws in
      #expect(await send(broker, within: .milliseconds(500))?.kind == .unavailable)
    }
  }

  @Test(
    "What will not pass is not tried again",
    arguments: [
      (.error(.badRequest, "InvalidMessageContents"), .refused),
      (.error(.forbidden, "AccessDeniedException"), .denied),
      (.error(.forbidden, "SignatureDoesNotMatch"), .denied), (.error(.badRequest, "ExpiredToken"), .denied),
      (.error(.badRequest, "PurgeQueueInProgress"), .throttled),
      (.error(.badRequest, "KmsDisabled"), .misconfigured),
      (ScriptedAWS.Answer(status: .forbidden, body: ""), .denied),
    ] as [(ScriptedAWS.Answer, BrokerError.Kind)]
  )
  func final(_ answer: ScriptedAWS.Answer, _ kind: BrokerError.Kind) async throws {
    try await ScriptedAWS.run([Self.url, answer]) { (server, broker) async throws in
      let error = await send(broker)
      #expect(error?.kind == kind)
      #expect(error?.description.contains("secret body") == false)
      // Credentials that never change are not tried twice either.
      #expect(server.actions == ["GetQueueUrl", "SendMessage"])
    }
  }

  @Test("Errors are known by their JSON, their XML or the header field that repeats the code")
  func codes() {
    func error(_ status: HTTPResponse.Status, _ body: String, _ fields: HeaderFields = [:]) -> AWSError {
      AWSError(ClientResponse(status: status, fields: fields, body: Array(body.utf8)), "X")
    }
    let json = error(.badRequest, #"{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"gone\nnow"}"#)
    #expect(json.kind == .notFound && json.code == "QueueDoesNotExist" && json.text.hasSuffix("gone now"))
    let xml = error(
      .notFound,
      "<ErrorResponse><Error><Type>Sender</Type><Code>NotFound</Code><Message>no topic</Message></Error></ErrorResponse>"
    )
    #expect(
      xml.kind == .notFound && xml.code == "NotFound" && xml.text == "X: NotFound, status 404: no topic"
    )
    let field = error(.badRequest, "", [.amznQueryError: "AWS.SimpleQueueService.NonExistentQueue;Sender"])
    #expect(field.kind == .notFound && field.code == "NonExistentQueue")
    #expect(error(.badRequest, #"{"__type":"Throttling:http://x"}"#).kind == .throttled)
    #expect(error(.found, "").kind == .unavailable)
    #expect(error(.notFound, "").kind == .unavailable)
  }

  @Test("Answers that are no answers")
  func malformed() async throws {
    for body in ["", "{}", "[]", "{", #"{"QueueUrl":""}"#, #"{"QueueUrl":[]}"#] {
      try await ScriptedAWS.run([.json(body)]) { (_, broker) async throws in
        #expect(await send(broker)?.kind == .unavailable)
        let status = await brokerError { () async throws(BrokerError) in
          _ = try await broker.topic(arn: "arn:aws:sns:eu-west-2:000000000000:t").status(deadline: .soon)
        }
        #expect(status?.kind == .unavailable)
      }
    }
    let odd =
      #"{"Messages":[1,{},{"ReceiptHandle":"r","MessageId":"m"},{"ReceiptHandle":"s","MessageId":"n","Body":"b","Attributes":{"ApproximateReceiveCount":"x"},"MessageAttributes":{"a":1,"b":{}}}]}"#
    try await ScriptedAWS.run([Self.url, .json(odd)]) { (_, broker) async throws in
      let messages = try await broker.queue("q").take()
      #expect(messages.map(\.receipt) == ["r", "s"])
      #expect(messages.map(\.receiveCount) == [1, 1])
    }
  }

  @Test("Nobody there is unavailable")
  func refusedConnection() async throws {
    let client = HTTPClient(group: Loops.shared)
    let broker = AWSBroker(
      endpoints: AWSEndpoints(emulator: try HTTPURL("http://127.0.0.1:1"), region: "eu-west-2"),
      credentials: AWSCredentials.emulator,
      client: client,
      clock: SystemClock()
    )
    #expect(await send(broker)?.kind == .unavailable)
    await client.shutdown()
  }

  @Test("A cancelled poll ends at once, with no messages")
  func cancelledPoll() async throws {
    try await ScriptedAWS.run([Self.url, .hang]) { (server, broker) async throws in
      let queue = broker.queue("q")
      let poll = Task(executorPreference: Loops.shared.loops[0]) {
        try await queue.receive(limit: 10, wait: .seconds(20), visibilityTimeout: nil, deadline: .soon)
      }
      try await eventually("it polls") { server.actions.count == 2 }
      poll.cancel()
      #expect(try await poll.value == [])
    }
  }

  @Test("A poll is told to end before its deadline")
  func shortPoll() async throws {
    try await ScriptedAWS.run([Self.url, .json("{}")]) { (server, broker) async throws in
      let deadline = MonotonicInstant.now() + .milliseconds(3900)
      #expect(
        try await broker.queue("q").receive(
          limit: 3,
          wait: .seconds(20),
          visibilityTimeout: .zero,
          deadline: deadline
        )
          == []
      )
      let body = try #require(server.received.last?.body)
      #expect(body.contains(#""MaxNumberOfMessages":3,"WaitTimeSeconds":2,"VisibilityTimeout":0,"#))
    }
  }

  /// Gives other credentials once the first were called expired.
  private final class Renewing: AWSCredentialsProvider {
    private let discarded = Atomic<Int>(0)

    func credentials(deadline: MonotonicInstant) async throws(BrokerError) -> AWSCredentials {
      AWSCredentials(accessKeyID: "key-\(discarded.load(ordering: .relaxed))", secretAccessKey: Secret("s"))
    }

    func discard(_ credentials: AWSCredentials, because reason: AWSCredentialRefusal) -> Bool {
      discarded.add(1, ordering: .relaxed)
      return true
    }
  }

  @Test(
    "Credentials that AWS calls expired, or does not know, are replaced, once a call",
    arguments: [
      "ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException",
    ]
  )
  func refusedCredentials(code: String) async throws {
    let expired = ScriptedAWS.Answer.error(.forbidden, code)
    try await ScriptedAWS.run([Self.url, expired, Self.sent], credentials: Renewing()) {
      (server, broker) async throws in
      #expect(await send(broker) == nil)
      let keys = server.received.compactMap {
        $0.fields[.authorization]?.split(separator: "/").first?.suffix(5)
      }
      #expect(keys == ["key-0", "key-0", "key-1"])
    }
    try await ScriptedAWS.run([Self.url, expired], credentials: Renewing()) { (server, broker) async throws in
      #expect(await send(broker)?.kind == .denied)
      #expect(server.actions.count == 3)
    }
  }

  @Test("Keys that nobody renews are not tried twice")
  func unknownKeys() async throws {
    let unknown = ScriptedAWS.Answer.error(.forbidden, "InvalidClientTokenId")
    try await ScriptedAWS.run([Self.url, unknown]) { (server, broker) async throws in
      #expect(await send(broker)?.kind == .denied)
      #expect(server.actions == ["GetQueueUrl", "SendMessage"])
    }
  }

  @Test(
    "A poll that is answered at once with nothing, in whatever shape, is paused before the next",
    arguments: [
      "", "{}", #"{"Messages":null}"#, #"{"Messages":[]}"#, #"{"Messages":[{}]}"#,
      #"{"Messages":[{"Body":"x"}]}"#,
      #"{"Messages":{"Body":"x"}}"#, #"{"Messages":[null,1,"x"]}"#, "[]", "null", "<ReceiveMessageResponse/>",
    ]
  )
  func empty(body: String) async throws {
    try await ScriptedAWS.run([
      .json(#"{"Attributes":{"QueueArn":"a"},"QueueUrl":"http://x/q"}"#),
      .json(#"{"Attributes":{"QueueArn":"a"},"QueueUrl":"http://x/q"}"#), .json(body),
    ]) {
      (server, broker) async throws in
      let consumer = QueueConsumer(
        id: "x",
        queue: broker.queue("q"),
        deadLetterQueue: nil,
        handler: ClosureHandler(),
        retryPolicy: .immediate,
        telemetry: RecordingTelemetry(),
        loop: Loops.shared.loops[0],
        logger: quiet
      )
      await consumer.start()
      try await eventually("a second poll") { server.actions.count { $0 == "ReceiveMessage" } >= 2 }
      try await Task.sleep(for: .seconds(1))
      await consumer.stop()
      // After 1 s and, if the machine is slow, 2 s.
      #expect(server.actions.count { $0 == "ReceiveMessage" } <= 3)
    }
  }

  @Test("A queue is looked for again at once when it is not where it was, whatever AWS calls that")
  func moved() async throws {
    for code in ["QueueDoesNotExist", "InvalidAddress"] {
      let answers = [Self.url, Self.sent, .error(.badRequest, code), Self.url, Self.sent]
      try await ScriptedAWS.run(answers) { (server, broker) async throws in
        let queue = broker.queue("q")
        for _ in 0..<2 { _ = try await queue.send(OutgoingMessage("a"), deadline: .soon) }
        #expect(
          server.actions == ["GetQueueUrl", "SendMessage", "SendMessage", "GetQueueUrl", "SendMessage"]
        )
      }
    }
  }

  @Test("Attributes that no queue has are brought to what one can have")
  func oddAttributes() async throws {
    for text in [
      "-9223372036854775808", "9223372036854775807", "99999999999999999999999", "", "x", "1e9", "-0",
    ] {
      let names = [
        "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "VisibilityTimeout",
      ]
      let pairs = names.map { #""\#($0)":"\#(text)""# }.joined(separator: ",")
      let policy = #""RedrivePolicy":"{\"maxReceiveCount\":\"\#(text)\"}""#
      let message =
        #"{"ReceiptHandle":"r","MessageId":"m","Body":"x","Attributes":{"ApproximateReceiveCount":"\#(text)"}}"#
      let answers = [
        Self.url, ScriptedAWS.Answer.json(#"{"Attributes":{"QueueArn":"a",\#(pairs),\#(policy)}}"#),
        .json(#"{"Messages":[\#(message)]}"#),
      ]
      try await ScriptedAWS.run(answers) { (_, broker) async throws in
        let queue = broker.queue("q")
        let status = try await queue.status(deadline: .soon)
        #expect((0...1 << 53).contains(status.messagesOnQueue))
        #expect((0...1 << 53).contains(status.messagesOnQueue + status.messagesInFlight) || text.count > 18)
        #expect(status.maxReceiveCount.map { $0 >= 1 } ?? true)
        #expect((.zero ... .seconds(43_200)).contains(status.visibilityTimeout))
        let received = try #require(
          try await queue.receive(limit: 1, wait: .zero, visibilityTimeout: nil, deadline: .soon).first
        )
        #expect(received.receiveCount >= 1)
        _ = RetryPolicy.growing.decision(
          eventType: nil,
          receiveCount: received.receiveCount,
          maxReceiveCount: status.maxReceiveCount
        )
      }
    }
  }

  @Test("A redrive is SQS's own task where there is one, and its refusal is not worked around")
  func moveTask() async throws {
    let attributes = ScriptedAWS.Answer.json(
      #"{"Attributes":{"QueueArn":"arn:aws:sqs:eu-west-2:000000000000:q","ApproximateNumberOfMessages":"3"}}"#
    )
    let start = [Self.url, attributes, Self.url, attributes]
    try await ScriptedAWS.run(start + [.json(#"{"TaskHandle":"x"}"#)]) { (server, broker) async throws in
      try await broker.queue("dlq").redrive(to: broker.queue("q"), deadline: .soon)
      #expect(server.actions.last == "StartMessageMoveTask")
      let arn = "arn:aws:sqs:eu-west-2:000000000000:q"
      #expect(server.received.last?.body == #"{"SourceArn":"\#(arn)","DestinationArn":"\#(arn)"}"#)
    }
    try await ScriptedAWS.run(start + [.error(.badRequest, "UnsupportedOperation")]) {
      (server, broker) async throws in
      let error = await brokerError { () async throws(BrokerError) in
        try await broker.queue("dlq").redrive(to: broker.queue("q"), deadline: .soon)
      }
      #expect(error?.kind == .misconfigured)
      #expect(server.actions.count == 5)
    }
  }
}
