import AWSPeer
import EventLoops
import Foundation
import Instrumentation
import JSON
import Postgres
import ServiceKit
import Synchronization
import TestKit
import Testing

@testable import Events

/// What was committed is announced, whatever a caller wrote into it.
@Suite struct AnnouncedTests {
  /// A change as a module tells of it.
  private struct Change {
    let number: Int
    let comment: String
    let user: String
    let state: String?

    var subject: String { "S\(number % 100)" }

    var event: DomainEvent {
      var writer = JSONWriter()
      writer.beginObject()
      writer.field("number", Int64(number))
      writer.field("who", user)
      writer.endObject()
      return DomainEvent(eventType: "non-associations.created", subject: subject, message: writer.bytes)
    }

    var audit: AuditMessage {
      var details = JSONWriter()
      details.beginObject()
      details.field("id", Int64(number))
      details.field("comment", comment)
      details.field("isClosed", false)
      details.endObject()
      var writer = JSONWriter()
      writer.beginObject()
      writer.field("what", "NON_ASSOCIATION_CREATED")
      writer.field("who", user)
      writer.field("details", String(decoding: details.bytes, as: UTF8.self))
      writer.endObject()
      return AuditMessage(
        what: "NON_ASSOCIATION_CREATED",
        subject: subject,
        record: "\(number)",
        message: writer.bytes
      )
    }

    var span: SpanContext? {
      SpanContext(traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", state: state)
    }
  }

  /// The scalars that go wrong most easily come often.
  private static let odd: [Unicode.Scalar] = [
    0x00, 0x01, 0x08, 0x09, 0x0A, 0x0D, 0x1F, 0x22, 0x5C, 0x2F, 0x7F, 0x80, 0x85, 0x9F, 0xD7FF, 0xE000,
    0xFDD0,
    0xFFFD, 0xFFFE, 0xFFFF, 0x1FFFE, 0x10FFFF, 0x1F600, 0x2028, 0xFEFF,
  ].compactMap { Unicode.Scalar(UInt32($0)) }

  private static func scalar(_ random: inout some RandomNumberGenerator) -> Unicode.Scalar {
    if Bool.random(using: &random) { return odd.randomElement(using: &random) ?? "a" }
    while true {
      let limits: [UInt32] = [0x7F, 0xFFF, 0xFFFF, 0x10FFFF]
      let limit = limits.randomElement(using: &random) ?? 0x7F
      if let scalar = Unicode.Scalar(UInt32.random(in: 0...limit, using: &random)) { return scalar }
    }
  }

  private static func text(bytes: Int, _ random: inout some RandomNumberGenerator) -> String {
    // A pattern that repeats: a text of a million random scalars would only be slow.
    let pattern = String(String.UnicodeScalarView((0..<64).map { _ in scalar(&random) }))
    var text = ""
    while text.utf8.count + pattern.utf8.count <= bytes { text += pattern }
    return text
  }

  private static func change(_ number: Int, _ random: inout some RandomNumberGenerator) -> Change {
    // Few are large, up to the body limit of 1 MiB.
    let size = Int(exp2(Double.random(in: 0...(number.isMultiple(of: 100) ? 20 : 11), using: &random)))
    let field = (0..<Int.random(in: 0...40, using: &random)).map { _ in
      UInt8.random(in: 1...255, using: &random)
    }
    return Change(
      number: number,
      comment: text(bytes: size, &random),
      user: text(bytes: Int.random(in: 0...240, using: &random), &random),
      state: Bool.random(using: &random) ? "a=" + String(decoding: field, as: UTF8.self) : nil
    )
  }

  /// With claims that do not end on a busy machine: what was published before would be once more.
  private func relay(_ test: TestDatabase, _ broker: StrictBroker) -> OutboxRelay {
    var settings = brisk
    settings.claimDuration = .seconds(600)
    return OutboxRelay(
      module: "non-associations",
      database: test.database,
      topic: StrictBroker.StrictTopic(broker: broker),
      auditQueue: StrictBroker.StrictQueue(broker: broker),
      destinations: .test,
      settings: settings,
      loop: Loops.shared.loops[0],
      logger: quiet
    )
  }

  private func append(_ changes: [Change], to test: TestDatabase) async throws {
    let outbox = PostgresOutbox(module: "non-associations", destinations: .test)
    try await test.observer.withTransaction(deadline: .soon) { transaction in
      for change in changes {
        let span = try #require(change.span)
        try await InstrumentationContext.withValue(InstrumentationContext(span: span)) {
          try await outbox.append(change.event, change.audit, in: transaction)
        }
      }
    }
  }

  private func published(_ test: TestDatabase, _ relay: OutboxRelay) async throws {
    try await eventually("nothing waits any more", within: .seconds(300)) {
      try await relay.statistics(deadline: .soon).depth == 0
    }
    #expect(try await relay.statistics(deadline: .soon).setAside == 0)
  }

  /// - Returns: whether the comment was shortened.
  private func expectEqual(_ message: OutgoingMessage, _ change: Change) throws -> Bool {
    let value = try JSONValue(parsing: message.body)
    #expect(value["who"]?.text == change.user)
    let details = try JSONValue(parsing: Array((value["details"]?.text ?? "").utf8))
    let comment = try #require(details["comment"]?.text)
    #expect(details["isClosed"] == .boolean(false))
    if comment.utf8.elementsEqual(change.comment.utf8) { return false }
    let remark = " [shortened from \(change.comment.unicodeScalars.count) characters]"
    #expect(comment.hasSuffix(remark))
    #expect(change.comment.utf8.starts(with: comment.utf8.dropLast(remark.utf8.count)))
    // No more is cut than has to be.
    #expect(message.size > 1_048_576 - 64)
    return true
  }

  @Test(
    "Of 10,000 random changes each event and each audit message is taken by AWS's rules, and says the same"
  )
  func random() async throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    try await TestDatabase.run { test in
      var generator = Seeded(state: seed)
      let broker = StrictBroker()
      let relay = relay(test, broker)
      await relay.start()
      var changes: [Change] = []
      for _ in 0..<100 {
        let batch = (0..<100).map { Self.change(changes.count + $0, &generator) }
        try await append(batch, to: test)
        changes += batch
      }
      try await published(test, relay)
      await relay.stop()
      let (events, audits) = broker.taken.withLock { $0 }
      #expect(events.count == changes.count, "seed \(seed)")
      #expect(audits.count == changes.count, "seed \(seed)")
      var last: [String: Int] = [:]
      for message in events {
        let value = try JSONValue(parsing: message.body)
        let change = changes[Int(value["number"]?.scalarText ?? "") ?? 0]
        let isEqual = value["who"]?.text?.utf8.elementsEqual(change.user.utf8)
        #expect(isEqual == true, "seed \(seed), change \(change.number)")
        #expect(last[change.subject, default: -1] < change.number)
        last[change.subject] = change.number
      }
      var shortened = 0
      for message in audits {
        let value = try JSONValue(parsing: message.body)
        let details = try JSONValue(parsing: Array((value["details"]?.text ?? "").utf8))
        let change = changes[Int(details["id"]?.scalarText ?? "") ?? 0]
        if try expectEqual(message, change) { shortened += 1 }
      }
      #expect(shortened < changes.count / 100)
    }
  }

  @Test("Rows that wait, or were set aside, as a former release wrote them are sent too")
  func former() async throws {
    try await TestDatabase.run { test in
      let change = Change(number: 0, comment: "x\u{FFFF}y", user: "u", state: nil)
      try await append([change], to: test)
      try await test.change("update gateway_outbox set tracestate = 'a=' || chr(65535), destination = null")
      try await test.change("update gateway_outbox set set_aside_at = now() where kind = 'audit'")
      // What nobody but a person with SQL can write.
      try await test.change(
        """
        insert into gateway_outbox (module, kind, subject, event_type, message)
        values ('non-associations', 'event', 'X', 't', '\\x7b2261223a22ff227d')
        """
      )
      let broker = StrictBroker()
      let relay = relay(test, broker)
      await relay.start()
      let administration = OutboxAdministration(module: "non-associations", database: test.database)
      #expect(try await administration.retry(deadline: .soon) == 1)
      try await published(test, relay)
      let (events, audits) = broker.taken.withLock { $0 }
      #expect(events.contains { String(decoding: $0.body, as: UTF8.self) == "{\"a\":\"\u{FFFD}\"}" })
      #expect(events.allSatisfy { $0.attributes["tracestate"] == nil })
      #expect(audits.count == 1)
      #expect(String(decoding: audits[0].body, as: UTF8.self).contains(#"x\uFFFFy"#))
      #expect(try expectEqual(audits[0], change) == false)
      await relay.stop()
    }
  }

  @Test("A message goes shortened to a queue that says it takes less, and says so")
  func smallQueue() async throws {
    try await TestDatabase.run { test in
      let broker = StrictBroker(queueLimit: 2048)
      let relay = relay(test, broker)
      await relay.start()
      try await append(
        [
          Change(number: 0, comment: "short", user: "u", state: nil),
          Change(number: 1, comment: String(repeating: "\"\u{FFFF}é", count: 2000), user: "v", state: nil),
        ],
        to: test
      )
      try await published(test, relay)
      let audits = broker.taken.withLock { $0.audits }
      #expect(audits.count == 2)
      let size = audits.map(\.size).max() ?? 0
      #expect(size > 2048 - 20 && size <= 2048)
      let text = audits.map { String(decoding: $0.body, as: UTF8.self) }.joined()
      #expect(text.contains("[shortened from 6000 characters]"))
      await relay.stop()
    }
  }

  @Test(
    "Too large a message loses its trace before its words; keys and short texts stay; nested texts are cut too"
  )
  func shortening() throws {
    func row(_ message: String) -> OutboxRow {
      OutboxRow(
        id: 1,
        eventType: "t",
        message: Array(message.utf8),
        attempts: 0,
        record: nil,
        span: nil,
        operation: nil,
        destination: nil
      )
    }
    let span = SpanContext(
      traceID: String(repeating: "a", count: 32),
      spanID: String(repeating: "b", count: 16),
      isSampled: true
    )
    let plain = row(#"{"a":"b"}"#)
    #expect(
      plain.outgoing(.event, in: span, within: 100).message.attributes.keys.sorted() == [
        "eventType", "traceparent",
      ]
    )
    #expect(plain.outgoing(.event, in: span, within: 30).message.attributes.keys.sorted() == ["eventType"])
    let long = String(repeating: "k", count: 600)
    let key = String(repeating: "n", count: 300)
    let whole = row(#"{"\#(key)":"\#(key)", "b" : ["\#(long)", {"c":"{\"d\":\"\#(long)\"}"}], "e":1e2}"#)
    let cut = whole.outgoing(.audit, in: nil, within: 1300).message
    #expect(cut.size <= 1300 && cut.size > 1290)
    let value = try JSONValue(parsing: cut.body)
    #expect(value[key]?.text == key)
    #expect(value["e"] == .number("1e2"))
    // What cannot be cut is sent as it is: the broker may say so.
    let digits = row("{\"a\":" + String(repeating: "1", count: 500) + "}")
    #expect(digits.outgoing(.audit, in: nil, within: 100).message.body == digits.message)
    let none = row(String(repeating: "x", count: 500))
    #expect(none.outgoing(.audit, in: nil, within: 100).message.body == none.message)
  }

  @Test(
    "Every scalar that XML 1.0 does not allow, and every noncharacter, is escaped as JSON says it; others are not"
  )
  func scalars() throws {
    for value in UInt32(0)...0x10FFFF {
      guard let scalar = Unicode.Scalar(value) else { continue }
      let isForbidden: Bool =
        switch value {
        case 0x09, 0x0A, 0x0D: false
        case 0..<0x20, 0x7F...0x9F, 0xFDD0...0xFDEF: true
        default: value & 0xFFFF >= 0xFFFE
        }
      #expect(BrokerText.isEscaped(scalar) == isForbidden, "\(value)")
    }
    #expect(BrokerText.escaped(Array("a\u{1}é\u{10FFFE}".utf8)) == Array(#"a\u0001é\uDBFF\uDFFE"#.utf8))
    #expect(BrokerText.escaped(Array("\t\r\n é\u{1F600}".utf8)) == Array("\t\r\n é\u{1F600}".utf8))
  }
}

/// SplitMix64: random numbers that a seed brings back.
private struct Seeded: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
