import EventLoops
import Events
import HTTPTransport
import HTTPTypes
import JSON
import Postgres
import ServiceKit
import Synchronization
import TestKit
import Testing
import Time

@testable import NonAssociationsModule

@Suite("Creating (docs/contract/non-associations.md §7.2, §15 rows 3 to 23, 149)")
struct CreateTests {
  @Test("Without a token it is 401; without the role or the scope 403, whatever the body (3 to 5)")
  func access() async throws {
    try await ModuleFixture.run { module in
      let anonymous = try await module.send(.post, "/non-associations", as: nil)
      #expect(anonymous.status == 401)
      #expect(anonymous.body.isEmpty)
      for caller in [Caller.uiRole, .uiRoleReadScope, .writerWithoutScope, .readerWithScope, .none] {
        for body in [ModuleFixture.createBody(), "{"] {
          let answer = try await module.send(.post, "/non-associations", as: caller, body: body)
          #expect(answer.status == 403)
          #expect(
            answer.body == """
              {"status":403,"userMessage":"Forbidden: Access Denied","developerMessage":"Access Denied",\
              "errorCode":null,"moreInfo":null}
              """
          )
        }
      }
      let stored = try await module.count()
      #expect(stored == 0)
    }
  }

  @Test("Bodies that cannot be read are 400 or 415 without a code (6 to 9)")
  func unreadable() async throws {
    try await ModuleFixture.run { module in
      let prefix = "Validation failure: Couldn't read request body: "
      let missing = try await module.send(
        .post,
        "/non-associations",
        as: .writer,
        [.contentType: "application/json"]
      )
      #expect(missing.status == 400)
      #expect(try missing.userMessage.hasPrefix(prefix + "Required request body is missing: "))
      let plain = try await module.send(
        .post,
        "/non-associations",
        as: .writer,
        [.contentType: "text/plain"],
        body: "{}"
      )
      #expect(plain.status == 415)
      #expect(try plain.userMessage.contains("text/plain"))
      for body in [#"{"firstPrisonerNumber":"A1234BC"}"#, "{", ModuleFixture.createBody() + " x"] {
        let answer = try await module.send(.post, "/non-associations", as: .writer, body: body)
        #expect(answer.status == 400)
        #expect(try answer.userMessage.hasPrefix(prefix + "JSON parse error: "))
        #expect(try answer.errorCode == .null)
      }
      #expect(module.search.calls.isEmpty)
    }
  }

  @Test("Nobody may create for prisoners whom prisoner search does not know, or who are nowhere (12, 16)")
  func prisoners() async throws {
    try await ModuleFixture.run { module in
      let missing = try await module.create("A1234BC", "X1111TT")
      #expect(missing.status == 404)
      #expect(
        try missing.userMessage == "Missing prisoners: Could not find the following prisoners: [X1111TT]"
      )
      #expect(try missing.errorCode == .null)
      let nowhere = try await module.create("A1234BC", "D1234DD")
      #expect(nowhere.status == 409)
      #expect(
        try nowhere.userMessage == """
          Non-association cannot be created when prisoner locations are null: Prisoners [D1234DD] have null locations
          """
      )
      #expect(try nowhere.errorCode == .number("103"))
      let stored = try await module.count()
      #expect(stored == 0)
      #expect(module.events.events.isEmpty)
    }
  }

  @Test("Everything is echoed, stored, and told in the same transaction (13, 14)")
  func created() async throws {
    try await ModuleFixture.run { module in
      let answer = try await module.create("A1234BC", "D5678EF")
      #expect(answer.status == 201)
      #expect(answer.fields[.contentType] == "application/json")
      let id = try answer.id
      #expect(id > 0)
      #expect(
        answer.body == """
          {"id":\(id),"firstPrisonerNumber":"A1234BC","firstPrisonerRole":"VICTIM",\
          "firstPrisonerRoleDescription":"Victim","secondPrisonerNumber":"D5678EF","secondPrisonerRole":"PERPETRATOR",\
          "secondPrisonerRoleDescription":"Perpetrator","reason":"VIOLENCE","reasonDescription":"Violence",\
          "restrictionType":"CELL","restrictionTypeDescription":"Cell only","comment":"fighting",\
          "whenCreated":"2023-12-05T12:34:56.123456","whenUpdated":"2023-12-05T12:34:56.123456","updatedBy":"U",\
          "isClosed":false,"closedBy":null,"closedReason":null,"closedAt":null,"isOpen":true}
          """
      )
      let read = try await module.send(.get, "/non-associations/\(id)", as: .reader)
      #expect(read.status == 200)
      #expect(read.body == answer.body)
      let stored = try await module.count(
        "authorised_by = 'U' and updated_by = 'U' and when_created = when_updated"
      )
      #expect(stored == 1)
      #expect(module.events.events.map(\.eventType) == ["non-associations.created"])
      #expect(module.events.rowsSeen == [1])
    }
  }

  @Test("An event that cannot be recorded takes the row with it")
  func eventFails() async throws {
    try await ModuleFixture.run { module in
      module.events.failNext()
      let answer = try await module.create("A1234BC", "D5678EF")
      #expect(answer.status == 500)
      #expect(try answer.userMessage.hasPrefix("Unexpected error: Internal error, correlation id "))
      let stored = try await module.count()
      #expect(stored == 0)
      let again = try await module.create("A1234BC", "D5678EF")
      #expect(again.status == 201)
    }
  }

  @Test(
    "An open pair is 409 in either order, before prisoner search is asked; a closed one does not matter (15, 18, 20)"
  )
  func openPair() async throws {
    try await ModuleFixture.run { module in
      try await module.store(Fixture.closed(0, "A1234BC", "D5678EF"))
      let first = try await module.create("D5678EF", "A1234BC")
      #expect(first.status == 201)
      let calls = module.search.calls.count
      module.search.answerNext(ServerResponse(status: .internalServerError))
      let second = try await module.create("A1234BC", "D5678EF")
      #expect(second.status == 409)
      #expect(
        try second.userMessage == """
          Non-association already exists for these prisoners that is open: Prisoners [A1234BC, D5678EF] already have \
          open non-associations
          """
      )
      #expect(try second.errorCode == .number("101"))
      #expect(module.search.calls.count == calls)
    }
  }

  @Test("Prisoners in transfer or outside are somewhere (17)")
  func outside() async throws {
    try await ModuleFixture.run { module in
      for other in ["C1234CC", "B1234BB"] {
        let answer = try await module.create("A1234BC", other)
        #expect(answer.status == 201)
      }
    }
  }

  @Test("A token without a user is 401 with a body; a name that fits no column is 400 (19)")
  func users() async throws {
    try await ModuleFixture.run { module in
      let nobody = try await module.create("A1234BC", "D5678EF", as: .writerWithoutUser)
      #expect(nobody.status == 401)
      #expect(
        nobody.body == """
          {"status":401,"userMessage":"User in context missing: There is no user in context for this request",\
          "developerMessage":"There is no user in context for this request","errorCode":401,"moreInfo":null}
          """
      )
      #expect(nobody.fields[.wwwAuthenticate] == nil)
      let long = try await module.create("A1234BC", "D5678EF", as: .writerWithLongName)
      #expect(long.status == 400)
      #expect(module.search.calls.isEmpty)
    }
  }

  @Test("The same prisoner twice is 400 with code 102 before anything is asked (21)")
  func samePrisoner() async throws {
    try await ModuleFixture.run { module in
      let answer = try await module.create("A1234BC", "A1234BC")
      #expect(answer.status == 400)
      #expect(try answer.errorCode == .number("102"))
      #expect(module.search.calls.isEmpty)
    }
  }

  @Test("Prisoner search's own failures pass on (22)")
  func searchFails() async throws {
    try await ModuleFixture.run { module in
      module.search.answerNext(
        ServerResponse(status: .internalServerError),
        ServerResponse(status: .notFound)
      )
      let failed = try await module.create("A1234BC", "D5678EF")
      #expect(failed.status == 500)
      #expect(try failed.userMessage.hasPrefix("Unexpected error: 500 Internal Server Error from POST "))
      let missing = try await module.create("A1234BC", "D5678EF")
      #expect(missing.status == 404)
      #expect(try missing.userMessage.hasPrefix("Not Found: 404 Not Found from POST "))
    }
  }

  @Test("Of many creates for one pair at once, in either order, exactly one is 201 and the others 409 (23)")
  func race() async throws {
    try await ModuleFixture.run { module in
      let loops = try Loops.shared.get().loops
      var statuses: [Int] = []
      try await withThrowingTaskGroup(of: Answer.self) { group in
        for index in 0..<24 {
          let (first, second) = index.isMultiple(of: 2) ? ("A1234BC", "D5678EF") : ("D5678EF", "A1234BC")
          group.addTask(executorPreference: loops[index % loops.count]) {
            try await module.create(first, second)
          }
        }
        for try await answer in group {
          statuses.append(answer.status)
          if answer.status == 409 { #expect(try answer.errorCode == .number("101")) }
        }
      }
      #expect(statuses.count { $0 == 201 } == 1)
      #expect(statuses.count { $0 == 409 } == 23)
      let open = try await module.count("not is_closed")
      #expect(open == 1)
      #expect(module.events.events.count == 1)
    }
  }

  @Test("No connection is held while prisoner search is asked")
  func noLeaseOverUpstream() async throws {
    try await ModuleFixture.run { module in
      let inUse = Mutex([Int]())
      let database = module.database
      module.search.duringCalls {
        // A read counts as in flight until its batch is acknowledged, a moment after its answer; a connection that is
        // held stays in use for as long as the search waits here.
        let deadline = MonotonicInstant.now() + .seconds(5)
        var busy: Int
        repeat {
          let statistics = await database.statistics()
          busy = statistics.reads.inFlight + statistics.transactions.inUse
          await Task.yield()
        } while busy > 0 && MonotonicInstant.now() < deadline
        inUse.withLock { $0.append(busy) }
      }
      let created = try await module.create("A1234BC", "D5678EF")
      #expect(created.status == 201)
      let listed = try await module.status("/prisoner/A1234BC/non-associations", .reader)
      #expect(listed == 200)
      #expect(inUse.withLock { $0 } == [0, 0])
    }
  }

  @Test("The database refuses a second open row for a pair that the check has missed")
  func constraint() async throws {
    try await ModuleFixture.run { module in
      try await module.store(Fixture.open(0, "A1234BC", "D5678EF"))
      let error = await #expect(throws: PostgresError.self) {
        try await module.store(Fixture.open(0, "D5678EF", "A1234BC"))
      }
      #expect(error?.constraint == OpenPair.indexName)
    }
  }

  @Test("Summer times are London's (149)")
  func summer() async throws {
    try await ModuleFixture.run { module in
      module.clock.set(Timestamp(seconds: 1_689_424_496))
      let answer = try await module.create("A1234BC", "D5678EF")
      #expect(try answer.json["whenCreated"] == .string("2023-07-15T13:34:56"))
      let message = String(decoding: try #require(module.events.events.first).message, as: UTF8.self)
      #expect(message.contains("\"occurredAt\":\"2023-07-15T13:34:56+01:00\""))
      let stored = try await module.count("when_created = '2023-07-15T12:34:56Z'")
      #expect(stored == 1)
    }
  }
}
