import Events
import HTTPTypes
import JSON
import PlatformTestKit
import Postgres
import ServiceKit
import Testing
import Time

@testable import NonAssociationsModule

extension ReceivedMessage {
  /// An SNS envelope around `message`.
  static func envelope(_ type: String, _ message: String) -> ReceivedMessage {
    var writer = JSONWriter()
    writer.beginObject()
    writer.field("Type", "Notification")
    writer.field("Message", message)
    writer.key("MessageAttributes")
    writer.beginObject()
    writer.key("eventType")
    writer.beginObject()
    writer.field("Type", "String")
    writer.field("Value", type)
    writer.endObject()
    writer.endObject()
    writer.endObject()
    return ReceivedMessage(id: "1", receipt: "1", body: writer.bytes, receiveCount: 1)
  }

  static func merged(from old: String, to new: String) -> ReceivedMessage {
    envelope(
      "prison-offender-events.prisoner.merged",
      #"{"version":"1.0","occurredAt":"2026-01-15T10:20:30Z","description":"d","additionalInformation":"#
        + #"{"nomsNumber":"\#(new)","removedNomsNumber":"\#(old)","reason":"MERGE"}}"#
    )
  }

  /// - Parameters:
  ///   - occurredAt: as JSON.
  ///   - booking: `bookingId` with its value, as JSON, and a comma.
  static func bookingMoved(
    from old: String,
    to new: String,
    start: String?,
    occurredAt: String = #""2023-07-15T12:34:56+00:00""#,
    booking: String = #""bookingId":"123000","#
  ) -> ReceivedMessage {
    envelope(
      "prison-offender-events.prisoner.booking.moved",
      #"{"version":1,"occurredAt":\#(occurredAt),"description":"d","additionalInformation":"#
        + #"{\#(booking)"movedFromNomsNumber":"\#(old)","movedToNomsNumber":"\#(new)""#
        + (start.map { #","bookingStartDateTime":"\#($0)""# } ?? "") + "}}"
    )
  }
}

@Suite("Merges and moved bookings (docs/contract/non-associations.md §11, §15 rows 137 to 145)")
struct HeardMessageTests {
  private static let (o, n, x) = ("A7777BB", "B8888CC", "X1111XX")

  private static func queue(_ module: ModuleFixture, events: Bool = false) throws -> BusBridge {
    try module.queue(mergeEvents: events)
  }

  private static func merge(_ merged: String, _ closed: String, _ deleted: String) -> TelemetryEvent {
    TelemetryEvent(
      "Merge",
      [
        "NOMS-MERGE-FROM": o, "NOMS-MERGE-TO": n, "MERGED-RECORDS": merged, "CLOSED-RECORDS": closed,
        "DELETED-RECORDS": deleted,
      ]
    )
  }

  @Test(
    "AD-58: a merge deletes the row between the two, tells nobody, and again changes nothing (137, 144, M15)"
  )
  func merged() async throws {
    try await ModuleFixture.run { module in
      let id = try await module.store(Fixture.open(0, Self.o, Self.n))
      let kept = try await module.store(Fixture.open(0, Self.o, Self.x))
      let queue = try Self.queue(module)
      try await queue.handle(.merged(from: Self.o, to: Self.n))
      try await queue.handle(.merged(from: Self.o, to: Self.n))
      #expect(module.telemetry.events == [Self.merge("1", "null", "1"), Self.merge("null", "null", "null")])
      #expect(try await module.count("id = \(id)") == 0)
      let row = try await module.send(.get, "/non-associations/\(kept)", as: .reader).json
      #expect(row["firstPrisonerNumber"] == .string(Self.n))
      #expect(row["whenUpdated"] == .string("2023-12-05T12:34:56.123456"))
      #expect(row["updatedBy"] == .string("A_DPS_USER"))
      #expect(module.events.events.isEmpty)
      #expect(module.events.audits.isEmpty)
    }
  }

  @Test("Every changed row is in the history, with the event that changed it")
  func history() async throws {
    try await ModuleFixture.run { module in
      let gone = try await module.store(Fixture.open(0, Self.o, Self.n))
      let closed = try await module.store(Fixture.open(0, Self.o, Self.x))
      let renamed = try await module.store(Fixture.open(0, Self.o, "Y1111YY"))
      try await module.store(Fixture.open(0, Self.n, Self.x))
      try await Self.queue(module).handle(.merged(from: Self.o, to: Self.n))
      for (id, change, reason) in [
        (gone, "DELETED", "MERGE"), (closed, "CLOSED", PrisonerMerged.type),
        (renamed, "MERGED", PrisonerMerged.type),
      ] {
        let answer = try await module.send(.get, "/non-associations/\(id)/history", as: .reader)
        guard case .array(let entries) = try answer.json["history"], entries.count == 2,
          case .object(let first) = entries[0], case .object(let last) = entries[1]
        else {
          Issue.record("\(change): \(answer.body)")
          continue
        }
        #expect(first["change"] == .string("EXISTING"))
        #expect(last["change"] == .string(change))
        #expect(last["changeReason"] == .string(reason))
        #expect(last["changedBy"] == .string("NON_ASSOCIATIONS_API"))
      }
    }
  }

  @Test("Asked to, it publishes what each changed row would have had over HTTP")
  func published() async throws {
    try await ModuleFixture.run { module in
      try await module.store(Fixture.open(0, Self.o, Self.n))
      try await module.store(Fixture.open(0, Self.o, Self.x))
      try await module.store(Fixture.open(0, Self.o, "Y1111YY"))
      try await module.store(Fixture.open(0, Self.n, Self.x))
      try await Self.queue(module, events: true).handle(.merged(from: Self.o, to: Self.n))
      #expect(
        module.events.events.map(\.eventType) == [
          "non-associations.deleted", "non-associations.closed", "non-associations.amended",
        ]
      )
      #expect(
        module.events.events.map(\.subject) == ["A7777BB/B8888CC", "B8888CC/X1111XX", "B8888CC/Y1111YY"]
      )
      #expect(
        module.events.audits.map(\.what) == [
          "NON_ASSOCIATION_DELETED", "NON_ASSOCIATION_CLOSED", "NON_ASSOCIATION_UPDATED",
        ]
      )
      let deletion = String(decoding: try #require(module.events.audits.first).message, as: UTF8.self)
      #expect(
        deletion.hasSuffix(
          #""details":"{\"deletionReason\":\"MERGE\",\"staffUserNameRequestingDeletion\":\"NON_ASSOCIATIONS_API\"}"}"#
        )
      )
    }
  }

  @Test(
    "A moved booking takes the rows from its start to the event, both included (138, 139)",
    arguments: [
      ("2023-07-13T08:10:31Z", false), ("2023-07-13T08:10:32Z", true), ("2023-07-15T12:34:56Z", true),
      ("2023-07-15T12:34:57Z", false), ("2023-07-14T00:00:00Z", true),
    ]
  )
  func bookingMoved(created: String, isMoved: Bool) async throws {
    try await ModuleFixture.run { module in
      for other in [Self.x, Self.n] {
        var row = Fixture.open(0, Self.o, other)
        row.whenCreated = try #require(Timestamp(offsetText: created))
        try await module.store(row)
      }
      let message = ReceivedMessage.bookingMoved(from: Self.o, to: Self.n, start: "2023-07-13T09:10:32")
      try await Self.queue(module).handle(message)
      #expect(try await module.count("first_prisoner_number = '\(Self.n)'") == (isMoved ? 1 : 0))
      #expect(try await module.count("second_prisoner_number = '\(Self.n)'") == (isMoved ? 0 : 1))
    }
  }

  @Test(
    "AD-46: a booking that is not numbered, or null, is moved; one whose number is no number is not",
    arguments: [
      ("", true), (#""bookingId":null,"#, true), (#""bookingId":"123","#, true), (#""bookingId":123,"#, true),
      (#""bookingId":"x","#, false),
    ]
  )
  func bookingNumber(booking: String, isHandled: Bool) async throws {
    try await ModuleFixture.run { module in
      try await module.store(Fixture.open(0, Self.o, Self.x))
      let queue = try Self.queue(module)
      let message = ReceivedMessage.bookingMoved(from: Self.o, to: Self.n, start: nil, booking: booking)
      if isHandled {
        try await queue.handle(message)
      } else {
        await #expect(throws: UnreadableMessage.self) { try await queue.handle(message) }
      }
      #expect(try await module.count("first_prisoner_number = '\(Self.n)'") == (isHandled ? 1 : 0))
    }
  }

  @Test(
    "AD-47: a moved booking tells its time in any of these forms, and moves the same rows",
    arguments: [
      #""2023-07-15T12:34:56Z""#, #""2023-07-15T13:34:56+01:00""#, #""2023-07-15T13:34:56+01""#,
      #""2023-07-15T13:34:56+0100""#, #""2023-07-15T12:34:56+00""#,
      #""2023-07-15T13:34:56+01:00[Europe/London]""#, #""2023-07-15T12:34:56.000000001Z""#,
      "1689424496", "1689424496.000", "1.689424496E9",
    ]
  )
  func momentOfMove(occurredAt: String) async throws {
    try await ModuleFixture.run { module in
      for (other, created) in [(Self.x, "2023-07-15T12:34:56Z"), ("Y1111YY", "2023-07-15T12:34:57Z")] {
        var row = Fixture.open(0, Self.o, other)
        row.whenCreated = try #require(Timestamp(offsetText: created))
        try await module.store(row)
      }
      let message = ReceivedMessage.bookingMoved(
        from: Self.o,
        to: Self.n,
        start: "2023-07-13T09:10:32",
        occurredAt: occurredAt
      )
      try await Self.queue(module).handle(message)
      #expect(
        try await module.count("first_prisoner_number = '\(Self.n)' and second_prisoner_number = '\(Self.x)'")
          == 1
      )
      #expect(try await module.count("first_prisoner_number = '\(Self.o)'") == 1)
    }
  }

  @Test("A merge is carried out though nobody can read when it was; a moved booking is not")
  func unreadableMoment() async throws {
    try await ModuleFixture.run { module in
      try await module.store(Fixture.open(0, Self.o, Self.x))
      let queue = try Self.queue(module)
      for occurredAt in [#""yesterday""#, "true", "1e300", "{}"] {
        let move = ReceivedMessage.bookingMoved(
          from: Self.o,
          to: Self.n,
          start: nil,
          occurredAt: occurredAt
        )
        await #expect(throws: UnreadableMessage.self) { try await queue.handle(move) }
      }
      try await queue.handle(
        .envelope(
          PrisonerMerged.type,
          #"{"version":"1.0","occurredAt":[2026,1,15],"description":"d","additionalInformation":"#
            + #"{"nomsNumber":"\#(Self.n)","removedNomsNumber":"\#(Self.o)"}}"#
        )
      )
      #expect(try await module.count("first_prisoner_number = '\(Self.n)'") == 1)
    }
  }

  @Test("A moved booking without a start takes all rows (140)")
  func withoutStart() async throws {
    try await ModuleFixture.run { module in
      try await module.store(Fixture.open(0, Self.o, Self.x))
      try await Self.queue(module).handle(.bookingMoved(from: Self.o, to: Self.n, start: nil))
      #expect(try await module.count("first_prisoner_number = '\(Self.n)'") == 1)
    }
  }

  @Test("The large case, stored (142), and the old double where the index could not be made (141, M13)")
  func stored() async throws {
    try await ModuleFixture.run { module in
      let (o, n) = (Self.o, Self.n)
      for (first, second) in [
        (o, "X1"), ("X2", o), (n, "X1"), ("X2", n), (o, n), (o, "C"), ("D", o),
      ] { try await module.store(Fixture.open(0, first, second)) }
      try await Self.queue(module).handle(.merged(from: o, to: n))
      #expect(module.telemetry.events == [Self.merge("2", "2", "1")])
      #expect(try await module.count("'\(o)' in (first_prisoner_number, second_prisoner_number)") == 0)
      #expect(try await module.count("'\(n)' in (first_prisoner_number, second_prisoner_number)") == 6)
      #expect(
        try await module.count("is_closed and 'X1' in (first_prisoner_number, second_prisoner_number)") == 1
      )
      try await module.change("truncate non_association")
      try await module.change("drop index non_association_open_pair_idx")
      try await module.store(Fixture.open(0, o, Self.x))
      let second = try await module.store(Fixture.open(0, Self.x, o))
      try await Self.queue(module).handle(.merged(from: o, to: n))
      #expect(try await module.count("is_closed and id = \(second)") == 1)
      #expect(try await module.count("not is_closed and first_prisoner_number = '\(n)'") == 1)
    }
  }

  @Test("Other types are passed over; what cannot be read is thrown, so that it comes again (143)")
  func unreadable() async throws {
    try await ModuleFixture.run { module in
      let queue = try Self.queue(module)
      try await queue.handle(.envelope("prison-offender-events.prisoner.received", "no JSON at all"))
      let merged = "prison-offender-events.prisoner.merged"
      let unreadable: [ReceivedMessage] = [
        .envelope(merged, "{"), .envelope(merged, "[]"), .envelope(merged, "{}"),
        .envelope(
          merged,
          #"{"version":"1","occurredAt":"x","description":"d","additionalInformation":{"removedNomsNumber":"A"}}"#
        ),
        .bookingMoved(from: Self.o, to: Self.n, start: "yesterday"),
      ]
      for message in unreadable {
        await #expect(throws: UnreadableMessage.self) { try await queue.handle(message) }
      }
      for body in ["", "{", #"{"Message":"{}"}"#, #"{"eventType":"\#(merged)","additionalInformation":{}}"#] {
        let message = ReceivedMessage(id: "1", receipt: "1", body: Array(body.utf8), receiveCount: 1)
        await #expect(throws: UnreadableMessage.self) { try await queue.handle(message) }
      }
      #expect(module.telemetry.events.isEmpty)
    }
  }

  @Test("A failure within a merge leaves nothing of it (145)")
  func atomic() async throws {
    try await ModuleFixture.run { module in
      try await module.store(Fixture.open(0, Self.o, Self.x))
      try await module.store(Fixture.open(0, Self.o, "Y1111YY"))
      let queue = try Self.queue(module, events: true)
      module.events.failNext()
      await #expect(throws: RecordingOutbox.Failure.self) {
        try await queue.handle(.merged(from: Self.o, to: Self.n))
      }
      #expect(try await module.count("first_prisoner_number = '\(Self.o)'") == 2)
      #expect(try await module.count("exists (select from non_association_history)") == 0)
      #expect(module.telemetry.events.isEmpty)
      // A number that does not fit its column fails in the middle, too.
      await #expect(throws: PostgresError.self) {
        try await queue.handle(.merged(from: Self.o, to: "B8888CC-too-long"))
      }
      #expect(try await module.count("first_prisoner_number = '\(Self.o)'") == 2)
    }
  }
}
