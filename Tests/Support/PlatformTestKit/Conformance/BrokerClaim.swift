import Events
public import Testing
import Time

/// What every broker does, whatever it is made of: one case each, and one check for each case. An implementation that
/// lacks one says so by name, with its reason, in its own test.
public enum BrokerClaim: String, CaseIterable, Sendable, CustomTestStringConvertible {
  case whatIsSentArrivesWhole = "what is sent arrives whole, once, with its id"
  case whatIsReceivedIsHidden =
    "what is received is hidden until its time is over, and then comes with another receipt"
  case zeroShowsAtOnce = "a visibility timeout of zero shows a message at once"
  case hidingCanBeExtended = "a message can be hidden for longer"
  case timeoutsHaveBounds = "a visibility timeout is from 0 to 12 hours"
  case whatIsDeletedIsGone = "what is deleted is gone, and deleting it again is no failure"
  case unknownReceiptsAreRefused = "a receipt of nothing deletes and hides nothing"
  case formerReceiptsHideNothing = "a receipt of a former delivery hides nothing"
  case formerReceiptsDeleteNothing = "a receipt of a former delivery deletes nothing"
  case limitsAreKept = "a receive takes as many as asked for at most, 1 to 10"
  case noMessageGoesToTwo = "no message goes to two receivers at once"
  case waitingBringsWhatComes = "a receive that waits brings what is sent meanwhile"
  case waitingEnds = "a receive that waits in vain ends empty"
  case filtersAreKept = "a queue gets what its subscription lets through, in an envelope with the attributes"
  case deadLettersMove =
    "after its last delivery a message is a dead letter, whole; redriven it comes as if it were new"
  case statusCounts = "status tells how many can be received, how many are hidden, and of the redrive policy"
  case purgeEmpties = "purging deletes all that is on a queue, and only that"
  case nothingIsNotFound = "what is not there is not found"
  case tooLargeIsRefused = "a message that is too large is refused, one that just fits is taken"
  case emptyIsRefused = "an empty message is refused"

  public var testDescription: String { rawValue }

  /// Checks the claim; expectations that do not hold are recorded.
  public func check(_ broker: some ConformingBroker) async throws {
    let check = BrokerCheck(broker: broker)
    switch self {
    case .whatIsSentArrivesWhole: try await check.whatIsSentArrivesWhole()
    case .whatIsReceivedIsHidden: try await check.whatIsReceivedIsHidden()
    case .zeroShowsAtOnce: try await check.zeroShowsAtOnce()
    case .hidingCanBeExtended: try await check.hidingCanBeExtended()
    case .timeoutsHaveBounds: try await check.timeoutsHaveBounds()
    case .whatIsDeletedIsGone: try await check.whatIsDeletedIsGone()
    case .unknownReceiptsAreRefused: try await check.unknownReceiptsAreRefused()
    case .formerReceiptsHideNothing: try await check.formerReceiptsHideNothing()
    case .formerReceiptsDeleteNothing: try await check.formerReceiptsDeleteNothing()
    case .limitsAreKept: try await check.limitsAreKept()
    case .noMessageGoesToTwo: try await check.noMessageGoesToTwo()
    case .waitingBringsWhatComes: try await check.waitingBringsWhatComes()
    case .waitingEnds: try await check.waitingEnds()
    case .filtersAreKept: try await check.filtersAreKept()
    case .deadLettersMove: try await check.deadLettersMove()
    case .statusCounts: try await check.statusCounts()
    case .purgeEmpties: try await check.purgeEmpties()
    case .nothingIsNotFound: try await check.nothingIsNotFound()
    case .tooLargeIsRefused: try await check.tooLargeIsRefused()
    case .emptyIsRefused: try await check.emptyIsRefused()
    }
  }
}

/// The checks of ``BrokerClaim``.
struct BrokerCheck<Broker: ConformingBroker>: Sendable {
  let broker: Broker

  // MARK: Helpers

  private var soon: MonotonicInstant { .now() + .seconds(60) }

  private func send(_ text: String, to queue: (any MessageQueue)? = nil) async throws -> String {
    try await (queue ?? broker.main).send(OutgoingMessage(body: Array(text.utf8)), deadline: soon)
  }

  /// Takes what is there now.
  private func take(
    _ queue: (any MessageQueue)? = nil,
    limit: Int = 10,
    hidden: Duration? = nil
  ) async throws -> [ReceivedMessage] {
    try await (queue ?? broker.main).receive(
      limit: limit,
      wait: .zero,
      visibilityTimeout: hidden,
      deadline: soon
    )
  }

  /// Takes what comes, sooner or later.
  private func wait(_ queue: (any MessageQueue)? = nil, for wait: Duration = .seconds(20)) async throws
    -> [ReceivedMessage]
  {
    let queue = queue ?? broker.main
    return try await broker.passingTime {
      try await queue.receive(
        limit: 10,
        wait: wait,
        visibilityTimeout: nil,
        deadline: .now() + .seconds(60)
      )
    }
  }

  /// One message, from a queue that may not give all that it has at once.
  private func one(_ queue: (any MessageQueue)? = nil) async throws -> ReceivedMessage {
    try #require(try await wait(queue).first)
  }

  private func kind(_ body: () async throws -> Void) async -> BrokerError.Kind? {
    do {
      try await body()
      return nil
    } catch {
      return (error as? BrokerError)?.kind
    }
  }

  private func text(_ message: ReceivedMessage) -> String { String(decoding: message.body, as: UTF8.self) }

  private func isEmpty(_ queue: any MessageQueue) async throws -> Bool {
    let status = try await queue.status(deadline: soon)
    return status.messagesOnQueue + status.messagesInFlight == 0
  }

  // MARK: Queues

  func whatIsSentArrivesWhole() async throws {
    let body = "{\"a\":\"é\u{1F600}\\\"\\u0001\"}\t\r\n<&> + %"
    let attributes = [
      "eventType": MessageAttribute(value: "a+b & ü"),
      "count": MessageAttribute(dataType: "Number", value: "42"),
    ]
    let message = OutgoingMessage(body: Array(body.utf8), attributes: attributes)
    let id = try await broker.main.send(message, deadline: soon)
    let received = try await one()
    #expect(received.id == id)
    #expect(text(received) == body)
    #expect(received.attributes == attributes)
    #expect(received.receiveCount == 1)
    #expect(try await take() == [])
  }

  func whatIsReceivedIsHidden() async throws {
    _ = try await send("a")
    let first = try #require(try await take(hidden: .seconds(1)).first)
    #expect(try await take() == [])
    let second = try await one()
    #expect(second.id == first.id)
    #expect(second.receiveCount == 2)
    #expect(second.receipt != first.receipt)
  }

  func zeroShowsAtOnce() async throws {
    _ = try await send("a")
    let first = try await one()
    try await broker.main.changeVisibility(receipt: first.receipt, timeout: .zero, deadline: soon)
    #expect(try await one().receiveCount == 2)
  }

  func hidingCanBeExtended() async throws {
    _ = try await send("a")
    let first = try #require(try await take(hidden: .seconds(1)).first)
    try await broker.main.changeVisibility(receipt: first.receipt, timeout: .seconds(4), deadline: soon)
    #expect(try await wait(for: .seconds(2)) == [])
    #expect(try await one().receiveCount == 2)
  }

  func timeoutsHaveBounds() async throws {
    _ = try await send("a")
    let receipt = try await one().receipt
    for timeout in [Duration.seconds(-1), .seconds(43_201)] {
      let kind = await kind {
        try await broker.main.changeVisibility(receipt: receipt, timeout: timeout, deadline: soon)
      }
      #expect(kind == .refused)
    }
    try await broker.main.changeVisibility(receipt: receipt, timeout: .seconds(43_200), deadline: soon)
  }

  func whatIsDeletedIsGone() async throws {
    for number in 0..<3 { _ = try await send("\(number)") }
    var receipts: [String] = []
    while receipts.count < 3 { receipts += try await wait().map(\.receipt) }
    #expect(try await broker.main.delete(receipts: receipts, deadline: soon) == [])
    #expect(try await isEmpty(broker.main))
    #expect(try await broker.main.delete(receipts: receipts, deadline: soon) == [])
    #expect(try await broker.main.delete(receipts: [], deadline: soon) == [])
  }

  func unknownReceiptsAreRefused() async throws {
    _ = try await send("a")
    let receipt = try await one().receipt
    let left = try await broker.main.delete(receipts: ["no-such-receipt", receipt], deadline: soon)
    #expect(left == ["no-such-receipt"])
    #expect(try await isEmpty(broker.main))
    let kind = await kind {
      try await broker.main.changeVisibility(receipt: "no-such-receipt", timeout: .zero, deadline: soon)
    }
    #expect(kind == .refused)
  }

  private func twice() async throws -> (former: ReceivedMessage, latest: ReceivedMessage) {
    _ = try await send("a")
    let former = try await one()
    try await broker.main.changeVisibility(receipt: former.receipt, timeout: .zero, deadline: soon)
    return (former, try await one())
  }

  func formerReceiptsHideNothing() async throws {
    let (former, _) = try await twice()
    let kind = await kind {
      try await broker.main.changeVisibility(receipt: former.receipt, timeout: .zero, deadline: soon)
    }
    #expect(kind == .refused)
    #expect(try await broker.main.status(deadline: soon).messagesInFlight == 1)
  }

  func formerReceiptsDeleteNothing() async throws {
    let (former, latest) = try await twice()
    #expect(try await broker.main.delete(receipts: [former.receipt], deadline: soon) == [former.receipt])
    #expect(try await !isEmpty(broker.main))
    #expect(try await broker.main.delete(receipts: [latest.receipt], deadline: soon) == [])
    #expect(try await isEmpty(broker.main))
  }

  func limitsAreKept() async throws {
    for number in 0..<12 { _ = try await send("\(number)") }
    #expect(try await take(limit: 2).count <= 2)
    #expect(try await take(limit: 10).count <= 10)
    for limit in [0, 11] {
      let kind = await kind {
        _ = try await broker.main.receive(
          limit: limit,
          wait: .zero,
          visibilityTimeout: nil,
          deadline: soon
        )
      }
      #expect(kind == .refused)
    }
  }

  func noMessageGoesToTwo() async throws {
    for number in 0..<30 { _ = try await send("\(number)") }
    let queue = broker.main
    let texts = try await withThrowingTaskGroup(of: [String].self) { group in
      for _ in 0..<4 {
        group.addTask {
          var texts: [String] = []
          while try await queue.status(deadline: .now() + .seconds(60)).messagesOnQueue > 0 {
            texts += try await take(limit: 3).map { String(decoding: $0.body, as: UTF8.self) }
          }
          return texts
        }
      }
      return try await group.reduce(into: []) { $0 += $1 }
    }
    #expect(texts.compactMap { Int($0) }.sorted() == Array(0..<30))
  }

  func waitingBringsWhatComes() async throws {
    let queue = broker.main
    let waiting = Task {
      try await queue.receive(
        limit: 1,
        wait: .seconds(20),
        visibilityTimeout: nil,
        deadline: .now() + .seconds(60)
      )
    }
    _ = try await send("late")
    #expect(try await waiting.value.map(text) == ["late"])
  }

  func waitingEnds() async throws { #expect(try await wait(for: .seconds(1)) == []) }

  // MARK: Topics

  func filtersAreKept() async throws {
    let types: [String?] = ["merged", "other", nil, "moved"]
    for (number, type) in types.enumerated() {
      var attributes = ["trace": MessageAttribute(value: "\(number)")]
      if let type { attributes["eventType"] = MessageAttribute(value: type) }
      let message = OutgoingMessage(body: Array("{\"n\":\(number)}".utf8), attributes: attributes)
      _ = try await broker.topic.publish(message, deadline: soon)
    }
    for (queue, expected) in [(broker.main, [0, 3]), (broker.all, [0, 1, 2, 3])] {
      var envelopes: [NotificationEnvelope] = []
      while envelopes.count < expected.count {
        let messages = try await wait(queue)
        try #require(!messages.isEmpty)
        envelopes += try messages.map { try OpenedMessage($0).envelope.get() }
      }
      #expect(envelopes.map(\.message).sorted() == expected.map { "{\"n\":\($0)}" })
      for envelope in envelopes {
        let number = envelope.attributes["trace"].flatMap { Int($0.value) } ?? -1
        #expect(envelope.message == "{\"n\":\(number)}")
        #expect(types.indices.contains(number) && envelope.eventType == types[number])
        #expect(envelope.messageID?.isEmpty == false)
      }
      #expect(try await take(queue) == [])
    }
  }

  func deadLettersMove() async throws {
    let attributes = ["eventType": MessageAttribute(value: "a")]
    let message = OutgoingMessage(body: Array("é".utf8), attributes: attributes)
    _ = try await broker.main.send(message, deadline: soon)
    for count in 1...2 {
      let received = try await one()
      #expect(received.receiveCount == count)
      try await broker.main.changeVisibility(receipt: received.receipt, timeout: .zero, deadline: soon)
    }
    #expect(try await take() == [])
    #expect(try await broker.dead.status(deadline: soon).messagesOnQueue == 1)
    try await broker.dead.redrive(to: broker.main, deadline: soon)
    #expect(try await isEmpty(broker.dead))
    let again = try await one()
    #expect(text(again) == "é" && again.attributes == attributes && again.receiveCount == 1)
  }

  func statusCounts() async throws {
    for number in 0..<3 { _ = try await send("\(number)") }
    #expect(try await take(limit: 1).count == 1)
    let status = try await broker.main.status(deadline: soon)
    #expect(status.messagesOnQueue == 2 && status.messagesInFlight == 1)
    #expect(status.maxReceiveCount == 2)
    let dead = try await broker.dead.status(deadline: soon)
    #expect(status.deadLetterQueueARN == dead.arn)
    #expect(status.visibilityTimeout == .seconds(30))
    #expect(dead.maxReceiveCount == nil && dead.deadLetterQueueARN == nil)
  }

  func purgeEmpties() async throws {
    for _ in 0..<3 { _ = try await send("a") }
    _ = try await send("b", to: broker.all)
    try await broker.main.purge(deadline: soon)
    #expect(try await isEmpty(broker.main))
    #expect(try await broker.all.status(deadline: soon).messagesOnQueue == 1)
  }

  func nothingIsNotFound() async throws {
    let (topic, queue) = broker.nowhere
    let message = OutgoingMessage(body: [0x61])
    #expect(await kind { _ = try await topic.publish(message, deadline: soon) } == .notFound)
    #expect(await kind { _ = try await topic.status(deadline: soon) } == .notFound)
    #expect(await kind { _ = try await queue.send(message, deadline: soon) } == .notFound)
    #expect(await kind { _ = try await queue.status(deadline: soon) } == .notFound)
    let received = await kind {
      _ = try await queue.receive(limit: 1, wait: .zero, visibilityTimeout: nil, deadline: soon)
    }
    #expect(received == .notFound)
  }

  func tooLargeIsRefused() async throws {
    func message(_ size: Int) -> OutgoingMessage {
      OutgoingMessage(body: Array(repeating: 0x61, count: size))
    }
    _ = try await broker.main.send(message(OutgoingMessage.maximumQueueSize), deadline: soon)
    _ = try await broker.topic.publish(message(OutgoingMessage.maximumTopicSize), deadline: soon)
    let sent = await kind {
      _ = try await broker.main.send(message(OutgoingMessage.maximumQueueSize + 1), deadline: soon)
    }
    #expect(sent == .refused)
    let published = await kind {
      _ = try await broker.topic.publish(message(OutgoingMessage.maximumTopicSize + 1), deadline: soon)
    }
    #expect(published == .refused)
  }

  func emptyIsRefused() async throws {
    let kind = await kind {
      _ = try await broker.main.send(OutgoingMessage(body: []), deadline: soon)
    }
    #expect(kind == .refused)
  }
}
