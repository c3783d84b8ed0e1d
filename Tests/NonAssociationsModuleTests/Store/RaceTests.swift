import Crypto
import EventLoops
import Events
import HTTPTypes
import JSON
import Postgres
import ServiceKit
import Synchronization
import TestKit
import Testing
import Text
import Time

@testable import NonAssociationsModule

@Suite("Changes at the same moment")
struct RaceTests {
  private static let first = "A1234BC"
  private static let second = "D5678EF"

  private struct Call: Sendable {
    var method: HTTPRequest.Method
    var target: String
    var caller: Caller
    var body: String
  }

  /// Every kind of change to either of two rows of one pair, and the creation of a third.
  private static func calls(_ ids: [Int64]) -> [Call] {
    var calls: [Call] = []
    for id in ids {
      let path = "/non-associations/\(id)"
      calls += [
        Call(method: .patch, target: path, caller: .writer, body: #"{"comment":"patched"}"#),
        Call(method: .patch, target: path, caller: .writer, body: #"{"reason":"THREAT"}"#),
        Call(method: .put, target: path + "/close", caller: .writer, body: #"{"closedReason":"one"}"#),
        Call(method: .put, target: path + "/close", caller: .writer, body: #"{"closedReason":"two"}"#),
        Call(method: .put, target: path + "/reopen", caller: .reopener, body: #"{"reopenReason":"bad"}"#),
      ]
    }
    calls.append(
      Call(
        method: .post,
        target: "/non-associations",
        caller: .writer,
        body: ModuleFixture.createBody(second, first)
      )
    )
    return calls
  }

  private static func race(_ module: ModuleFixture, _ calls: [Call]) async throws -> [(Call, Answer)] {
    try await withThrowingTaskGroup(of: (Call, Answer).self) { group in
      let loops = try Loops.shared.get()
      for call in calls.shuffled() {
        group.addTask(executorPreference: loops.any()) {
          (
            call,
            try await module.send(call.method, call.target, as: call.caller, body: call.body)
          )
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
  }

  @Test("Hundreds of rounds keep one open row per pair and lose no change")
  func invariants() async throws {
    try await ModuleFixture.run { module in
      for _ in 0..<200 {
        try await module.change("truncate non_association, non_association_history")
        let before = module.events.events.count
        let ids = [
          try await module.store(Fixture.open(0, Self.first, Self.second)),
          try await module.store(Fixture.closed(0, Self.second, Self.first)),
        ]
        let answers = try await Self.race(module, Self.calls(ids))
        for (call, answer) in answers {
          #expect([200, 201, 409].contains(answer.status), "\(call.target): \(answer.status) \(answer.body)")
          if call.method == .patch { #expect(answer.status == 200) }
        }
        // The table's checks hold closed fields together; the rest is to be seen here.
        #expect(try await module.count("not is_closed") <= 1)
        let done = answers.count { $0.1.status < 300 }
        #expect(module.events.events.count - before == done)
        // No update is lost: what the last entry says is what stands, and each change kept what was before it.
        #expect(
          try await module.count(
            """
            exists (select from non_association_history h where h.non_association_id = non_association.id
              and h.id = (select max(id) from non_association_history where non_association_id = non_association.id)
              and (h.comment, h.reason, h.is_closed, h.closed_reason, h.updated_by)
                is not distinct from (non_association.comment, non_association.reason, non_association.is_closed,
                  non_association.closed_reason, non_association.updated_by))
            """
          ) == module.count()
        )
        #expect(try await module.count("reason = 'THREAT'") == 2)
        for id in ids {
          let history = try await module.send(.get, "/non-associations/\(id)/history", as: .reader)
          try Self.checkAlternation(history, isClosed: id == ids[1])
        }
      }
    }
  }

  /// A row is closed only while it is open, and re-opened only while it is closed.
  private static func checkAlternation(_ history: Answer, isClosed: Bool) throws {
    guard case .array(let entries) = try history.json["history"] else {
      Issue.record("no history")
      return
    }
    var isClosed = isClosed
    for case .object(let entry) in entries {
      if entry["change"] == .string("CLOSED") {
        #expect(!isClosed)
        isClosed = true
      } else if entry["change"] == .string("REOPENED") {
        #expect(isClosed)
        isClosed = false
      }
    }
  }

  @Test("Of two closes, and of two deletions, one succeeds; the other is told")
  func once() async throws {
    try await ModuleFixture.run { module in
      let deletion = #"{"deletionReason":"wrong","staffUserNameRequestingDeletion":"A"}"#
      for _ in 0..<100 {
        let id = try await module.store(Fixture.open(0, Self.first, Self.second))
        let path = "/non-associations/\(id)"
        let close = Call(
          method: .put,
          target: path + "/close",
          caller: .writer,
          body: #"{"closedReason":"x"}"#
        )
        let closed = try await Self.race(module, [close, close, close])
        #expect(closed.map(\.1.status).sorted() == [200, 409, 409])
        let delete = Call(method: .post, target: path + "/delete", caller: .deleter, body: deletion)
        let deleted = try await Self.race(module, [delete, delete, close])
        #expect(deleted.count { $0.1.status == 204 } == 1)
        #expect(deleted.allSatisfy { [204, 404, 409].contains($0.1.status) })
        #expect(try await module.count() == 0)
      }
    }
  }

  @Test("Merges race with creates and with each other: one open row per pair, none of the old number")
  func merges() async throws {
    try await ModuleFixture.run { module in
      let handler = try module.queue()
      let message = ReceivedMessage.merged(from: Self.second, to: "B1111BB")
      module.search.setPeople(
        Fixture.everybody + [
          Prisoner(prisonerNumber: "B1111BB", firstName: "B", lastName: "B", prisonID: "MDI")
        ]
      )
      for _ in 0..<100 {
        try await module.change(
          "truncate non_association, non_association_history, non_association_number_change"
        )
        let id = try await module.store(Fixture.open(0, Self.first, Self.second))
        async let once: Void = Self.untilDone(handler, message)
        async let twice: Void = Self.untilDone(handler, message)
        let calls = [
          Call(
            method: .post,
            target: "/non-associations",
            caller: .writer,
            body: ModuleFixture.createBody("B1111BB", Self.first)
          ),
          Call(
            method: .patch,
            target: "/non-associations/\(id)",
            caller: .writer,
            body: #"{"comment":"new"}"#
          ),
        ]
        let answers = try await Self.race(module, calls)
        try await once
        try await twice
        #expect(answers.allSatisfy { [200, 201, 409].contains($0.1.status) })
        #expect(try await module.count("second_prisoner_number = '\(Self.second)'") == 0)
        #expect(try await module.count("not is_closed") == 1)
        #expect(try await module.count("id = \(id) and comment = 'new'") == 1)
      }
    }
  }

  /// As the queue does: a failed message comes again.
  private static func untilDone(_ handler: BusBridge, _ message: ReceivedMessage) async throws {
    for _ in 0..<2 {
      do { return try await handler.handle(message) } catch is PostgresError {}
    }
    try await handler.handle(message)
  }
}
