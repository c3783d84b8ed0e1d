import EventLoops
import HTTPTransport
import HTTPTypes
import SharedAuth
import Synchronization
import Testing

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
      client: client
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

    func discard(_ credentials: AWSCredentials) -> Bool {
      discarded.add(1, ordering: .relaxed)
      return true
    }
  }

  @Test("Expired credentials are replaced, once a call")
  func expiredToken() async throws {
    let expired = ScriptedAWS.Answer.error(.forbidden, "ExpiredTokenException")
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
