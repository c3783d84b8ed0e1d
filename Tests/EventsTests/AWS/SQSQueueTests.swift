import AWSPeer
import EventLoops
import Foundation
import TestKit
import Testing

@testable import Events

/// Queues on moto's server, with boto3 at the other end.
@Suite struct SQSQueueTests {
  @Test("What is sent arrives as it was, whatever characters it has")
  func send() async throws {
    try await Moto.run { (moto) async throws in
      try await moto.create(QueueDefinition(moto.name("q")))
      let queue = moto.queue("q")
      let bodies = [
        "plain", "{\"a\":\"b\\u0001\\\"\"}", "tab\t line\n return\r end", "é ሴ \u{1F600} \u{85} \u{2028}",
        "<a>&amp;</a> + % = &", String(repeating: "x", count: 200_000),
        String(repeating: "é", count: 100_000),
      ]
      for body in bodies {
        let attributes = [
          "eventType": MessageAttribute(value: "a+b & ü"),
          "timestamp": MessageAttribute(dataType: "Number.java.lang.Long", value: "1768472431417"),
          "blob": MessageAttribute(dataType: "Binary", value: "AAEC"),
        ]
        let id = try await queue.send(OutgoingMessage(body, attributes), deadline: .soon)
        let message = try #require(try moto.botoReceive("q").first)
        #expect(message["MessageId"]?.text == id)
        #expect(message["Body"]?.text == body)
        #expect(message["MessageAttributes"]?["eventType"]?["StringValue"]?.text == "a+b & ü")
        #expect(message["MessageAttributes"]?["timestamp"]?["DataType"]?.text == "Number.java.lang.Long")
        try moto.peer.boto(
          "sqs",
          "delete_message",
          ["QueueUrl": try moto.url("q"), "ReceiptHandle": message["ReceiptHandle"]?.text ?? ""]
        )
      }
    }
  }

  @Test("What boto3 sends is received with its attributes and count, and is gone once deleted")
  func receive() async throws {
    try await Moto.run { (moto) async throws in
      try await moto.create(QueueDefinition(moto.name("q")))
      let queue = moto.queue("q")
      #expect(try await queue.receive(limit: 10, wait: .zero, visibilityTimeout: nil, deadline: .soon) == [])
      let body = "é\u{1F600}\n" + String(repeating: "\"", count: 100_000)
      try moto.peer.boto(
        "sqs",
        "send_message",
        [
          "QueueUrl": try moto.url("q"), "MessageBody": body,
          "MessageAttributes": [
            "eventType": ["DataType": "String", "StringValue": "a"],
            "id": ["DataType": "Number", "StringValue": "42"],
          ],
        ]
      )
      let message = try #require(try await queue.take().first)
      #expect(message.text == body)
      #expect(message.receiveCount == 1)
      #expect(
        message.attributes == [
          "eventType": MessageAttribute(value: "a"), "id": MessageAttribute(dataType: "Number", value: "42"),
        ]
      )
      #expect(try await queue.status(deadline: .soon).messagesInFlight == 1)
      // The same receipt twice, and one of nothing.
      let left = try await queue.delete(
        receipts: [message.receipt, message.receipt, "no-such-receipt"],
        deadline: .soon
      )
      #expect(left == ["no-such-receipt"])
      let status = try await queue.status(deadline: .soon)
      #expect(status.messagesOnQueue == 0 && status.messagesInFlight == 0)
      #expect(try await queue.delete(receipts: [], deadline: .soon) == [])
    }
  }

  @Test("More than ten messages are taken and deleted in batches")
  func batches() async throws {
    try await Moto.run { (moto) async throws in
      try await moto.create(QueueDefinition(moto.name("q")))
      let queue = moto.queue("q")
      for number in 0..<23 { _ = try await queue.send(OutgoingMessage("\(number)"), deadline: .soon) }
      var taken: [ReceivedMessage] = []
      while taken.count < 23 { taken += try await queue.take() }
      #expect(Set(taken.map(\.text)) == Set((0..<23).map(String.init)))
      #expect(try await queue.delete(receipts: taken.map(\.receipt), deadline: .soon) == [])
      let status = try await queue.status(deadline: .soon)
      #expect(status.messagesOnQueue + status.messagesInFlight == 0)
    }
  }

  @Test("A long poll gets what comes while it waits")
  func longPoll() async throws {
    try await Moto.run { (moto) async throws in
      try await moto.create(QueueDefinition(moto.name("q")))
      let queue = moto.queue("q")
      let poll = Task(executorPreference: Loops.shared.loops[0]) {
        try await queue.receive(limit: 1, wait: .seconds(20), visibilityTimeout: nil, deadline: .soon)
      }
      _ = try await queue.send(OutgoingMessage("late"), deadline: .soon)
      #expect(try await poll.value.map(\.text) == ["late"])
    }
  }

  @Test("A message is hidden for as long as asked, and visible at once with zero")
  func visibility() async throws {
    try await Moto.run { (moto) async throws in
      try await moto.create(QueueDefinition(moto.name("q"), visibilityTimeout: .seconds(600)))
      let queue = moto.queue("q")
      _ = try await queue.send(OutgoingMessage("a"), deadline: .soon)
      let first = try #require(try await queue.take(visibilityTimeout: .seconds(600)).first)
      #expect(try await queue.take() == [])
      try await queue.changeVisibility(receipt: first.receipt, timeout: .zero, deadline: .soon)
      let second = try #require(try await queue.take(visibilityTimeout: .seconds(1)).first)
      #expect(second.id == first.id && second.receiveCount == 2)
      try await eventually("it is visible again") { try await !queue.take().isEmpty }
      #expect(
        await brokerError { () async throws(BrokerError) in
          try await queue.changeVisibility(receipt: "none", timeout: .seconds(1), deadline: .soon)
        }?.kind == .refused
      )
      for timeout in [Duration.seconds(-1), .seconds(43_201)] {
        #expect(
          await brokerError { () async throws(BrokerError) in
            try await queue.changeVisibility(receipt: second.receipt, timeout: timeout, deadline: .soon)
          }?.kind == .refused
        )
      }
    }
  }

  @Test(
    "After as many failures as allowed a message is on the dead-letter queue, and redriven its count starts again"
  )
  func deadLetters() async throws {
    try await Moto.run { (moto) async throws in
      let definition = QueueDefinition(
        moto.name("q"),
        deadLetterQueue: moto.name("dlq"),
        maximumReceiveCount: 3
      )
      try await moto.create(definition)
      let (queue, dead) = (moto.queue("q"), moto.queue("dlq"))
      let attributes = [
        "eventType": MessageAttribute(value: "a"), "n": MessageAttribute(dataType: "Number", value: "1"),
      ]
      _ = try await queue.send(OutgoingMessage("é", attributes), deadline: .soon)
      for count in 1...3 {
        let message = try #require(try await queue.take().first)
        #expect(message.receiveCount == count)
        try await queue.changeVisibility(receipt: message.receipt, timeout: .zero, deadline: .soon)
      }
      #expect(try await queue.take() == [])
      #expect(try await dead.status(deadline: .soon).messagesOnQueue == 1)
      try await dead.redrive(to: queue, deadline: .soon)
      #expect(try await dead.status(deadline: .soon).messagesOnQueue == 0)
      let again = try #require(try await queue.take().first)
      #expect(again.text == "é" && again.receiveCount == 1 && again.attributes == attributes)
    }
  }

  @Test("A redrive moves all of many messages, and does nothing on an empty queue")
  func redrive() async throws {
    try await Moto.run { (moto) async throws in
      try await moto.create(QueueDefinition(moto.name("q"), deadLetterQueue: moto.name("dlq")))
      let (queue, dead) = (moto.queue("q"), moto.queue("dlq"))
      try await dead.redrive(to: queue, deadline: .soon)
      for number in 0..<25 { _ = try await dead.send(OutgoingMessage("\(number)"), deadline: .soon) }
      try await dead.redrive(to: queue, deadline: .soon)
      #expect(try await queue.status(deadline: .soon).messagesOnQueue == 25)
      let status = try await dead.status(deadline: .soon)
      #expect(status.messagesOnQueue == 0 && status.messagesInFlight == 0)
    }
  }

  @Test("Status tells of the redrive policy; purge empties the queue")
  func statusAndPurge() async throws {
    try await Moto.run { (moto) async throws in
      try await moto.create(QueueDefinition(moto.name("q"), deadLetterQueue: moto.name("dlq")))
      let queue = moto.queue("q")
      for number in 0..<5 { _ = try await queue.send(OutgoingMessage("\(number)"), deadline: .soon) }
      #expect(
        try await queue.status(deadline: .soon)
          == QueueStatus(
            arn: BrokerARN.queue(moto.name("q")),
            messagesOnQueue: 5,
            messagesInFlight: 0,
            maxReceiveCount: 5,
            deadLetterQueueARN: BrokerARN.queue(moto.name("dlq")),
            visibilityTimeout: .seconds(30),
            maximumMessageSize: 1_048_576
          )
      )
      let dead = try await moto.queue("dlq").status(deadline: .soon)
      #expect(dead.maxReceiveCount == nil && dead.deadLetterQueueARN == nil)
      try await queue.purge(deadline: .soon)
      #expect(try await queue.status(deadline: .soon).messagesOnQueue == 0)
    }
  }

  @Test("A queue that is not there; and one that was deleted and made again")
  func missing() async throws {
    try await Moto.run { (moto) async throws in
      let queue = moto.queue("q")
      let send = { () async throws(BrokerError) in
        _ = try await queue.send(OutgoingMessage("a"), deadline: .soon)
      }
      #expect(await brokerError(send)?.kind == .notFound)
      try await moto.create(QueueDefinition(moto.name("q")))
      #expect(await brokerError(send) == nil)
      try moto.peer.boto("sqs", "delete_queue", ["QueueUrl": try moto.url("q")])
      #expect(await brokerError(send)?.kind == .notFound)
      try await moto.create(QueueDefinition(moto.name("q")))
      #expect(await brokerError(send) == nil)
      #expect(try await queue.status(deadline: .soon).messagesOnQueue == 1)
    }
  }

  @Test("What SQS may take is for SQS to say: nothing is refused before it is sent")
  func unchecked() async throws {
    for message in [
      OutgoingMessage(""), OutgoingMessage("a\u{1}b"), OutgoingMessage("\u{FFFE}"),
      OutgoingMessage(String(repeating: "x", count: 1_048_577)), OutgoingMessage(body: [0x61, 0xFF]),
      OutgoingMessage("a", ["b": MessageAttribute(value: "c\u{2}")]),
    ] {
      try await ScriptedAWS.run([
        .json(#"{"QueueUrl":"http://localhost/000000000000/q"}"#), .json(#"{"MessageId":"1"}"#),
      ]) { (server, broker) async throws in
        _ = try await broker.queue("q").send(message, deadline: .soon)
        #expect(server.actions == ["GetQueueUrl", "SendMessage"])
      }
    }
  }
}
