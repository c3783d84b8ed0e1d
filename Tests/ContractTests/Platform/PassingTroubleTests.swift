import ServerTestKit
import ServiceKit
import TestKit
import Testing

@testable import Gateway
@testable import RestrictedPatientsModule

@Suite("Trouble of the database that passes")
struct PassingTroubleTests {
  /// A SQLSTATE that is raised from now on, so often: in writes by a trigger, in reads by a view that stands in for the
  /// table.
  private static let trouble = """
    create table trouble (code text, times int, round int);
    create sequence troubles;
    create function trouble_of_writes() returns trigger language plpgsql as $$
      declare wish record;
      begin
        select * into wish from trouble;
        if found and nextval('troubles') <= wish.times then
          raise exception 'trouble' using errcode = wish.code;
        end if;
        return coalesce(new, old);
      end $$;
    -- Advisory locks outlive what fails, and a session that may only read can take them.
    create function trouble_of_reads() returns boolean language plpgsql as $$
      declare wish record; seen int;
      begin
        select * into wish from trouble;
        if not found then return true; end if;
        select count(*) into seen from pg_locks where locktype = 'advisory' and classid = wish.round::oid;
        if seen < wish.times then
          perform pg_advisory_lock(wish.round, seen);
          raise exception 'trouble' using errcode = wish.code;
        end if;
        return true;
      end $$;
    """

  private static func raise(_ code: String, _ times: Int, _ round: Int, in database: TestDatabase)
    async throws
  {
    try await database.run(
      """
      truncate trouble;
      insert into trouble values ('\(code)', \(times), \(round));
      select setval('troubles', 1, false)
      """
    )
  }

  private static func isUnavailable(_ answer: Answer) throws -> Bool {
    try answer.status == 503 && answer.header("Retry-After") == "1" && answer.json.keys.count == 5
      && answer.json["status"] == 503
  }

  private struct Change {
    var name: String
    /// Makes what is to be changed, of the given number.
    var prepare: (Int) async throws -> Void
    var request: (Int) async throws -> Answer
  }

  private static func changes(_ gateway: RunningGateway) throws -> [Change] {
    let (writer, reopener) = (try gateway.writer(), try gateway.reopener())
    let deleter = try gateway.token(roles: ["DELETE_NON_ASSOCIATIONS"], user: "U")
    let admin = try gateway.token(roles: ["RESTRICTED_PATIENTS_ADMIN"], user: "ADMIN")
    func pair(_ round: Int) -> (String, String) { ("R\(1000 + round)AA", "R\(1000 + round)BB") }
    func patient(_ round: Int) -> String { "P\(1000 + round)CC" }
    func path(_ round: Int) async throws -> String {
      let id = try await gateway.database.row(
        "select max(id) from non_association where first_prisoner_number = '\(pair(round).0)'"
      )
      return "/non-associations/\(id)"
    }
    func open(_ round: Int) async throws {
      try await gateway.database.insertOpen(pair(round).0, pair(round).1)
    }
    return [
      Change(name: "create", prepare: { _ in }) { round in
        try await gateway.post(
          "/non-associations",
          CreateTests.body(first: pair(round).0, second: pair(round).1),
          token: writer
        )
      },
      Change(name: "patch", prepare: open) { round in
        try await gateway.patch(path(round), #"{"comment":"new"}"#, token: writer)
      },
      Change(name: "close", prepare: open) { round in
        try await gateway.put(path(round) + "/close", #"{"closedReason":"over"}"#, token: writer)
      },
      Change(
        name: "reopen",
        prepare: { try await gateway.database.insertClosed(pair($0).0, pair($0).1) }
      ) { round in
        try await gateway.put(path(round) + "/reopen", #"{"reopenReason":"again"}"#, token: reopener)
      },
      Change(name: "delete", prepare: open) { round in
        try await gateway.post(
          path(round) + "/delete",
          #"{"deletionReason":"wrong","staffUserNameRequestingDeletion":"U"}"#,
          token: deleter
        )
      },
      Change(
        name: "discharge",
        prepare: { round in
          gateway.prisonAPI.stubBooking(patient(round))
          gateway.prisonAPI.stubDischarge(patient(round))
        }
      ) { round in
        try await gateway.discharge(Patients.dischargeBody(patient(round)))
      },
      Change(
        name: "remove",
        prepare: { round in
          try await gateway.database.insertPatient(patient(round))
          gateway.search.answer(inTurn: [(200, "[\(Patients.found(patient(round)))]")])
          gateway.prisonAPI.stub(ScriptedUpstream.release)
        }
      ) { round in
        try await gateway.removePatient(patient(round))
      },
      Change(
        name: "change supporting prison",
        prepare: { try await gateway.database.insertPatient(patient($0), prison: "LEI") }
      ) { round in
        try await gateway.changePrison(patient(round))
      },
      Change(
        name: "resolve a merge",
        prepare: { round in
          try await gateway.database.insertPatient(patient(round))
          try await gateway.database.run(
            """
            insert into restricted_patients_merge (removed_number, kept_number, first_seen, last_seen, deliveries)
            values ('\(patient(round))', 'Z1234ZZ', now(), now(), 1)
            """
          )
        }
      ) { round in
        try await gateway.post(
          "/restricted-patients/merges/\(patient(round))/Z1234ZZ/resolve",
          #"{"resolution":"DROP_REMOVED"}"#,
          token: admin
        )
      },
    ]
  }

  private static func stub(_ gateway: RunningGateway) {
    gateway.search.answerAnyone(in: "MDI")
    gateway.prisonAPI.stubLists()
    for prison in ["MDI", "LEI"] {
      gateway.prisonAPI.stub(
        ScriptedUpstream.agency(prison),
        200,
        ScriptedUpstream.agencyJSON(prison, prison, "INST")
      )
    }
  }

  /// What waits to be published, or was: of non-associations in the outbox, of patients where the tests keep it.
  private static func events(_ database: TestDatabase) async throws -> Int {
    try await database.count("gateway_outbox") + database.events().count
  }

  private static let clashes = ["40001", "40P01", "25006", "26000"]
  private static let later = ["40002", "53100", "53200", "55P03", "57014", "57P03", "58030"]

  @Test(
    "no change is answered 500: a clash is run again, with one event; what goes on is 503 with Retry-After"
  )
  func changes() async throws {
    try await withGateway(at: Patients.clock, settings: ["DATABASE_WRITE_CONNECTIONS": "2"]) {
      (gateway) async throws in
      Self.stub(gateway)
      let database = gateway.database
      try await database.run(Self.trouble)
      for table in ["non_association", "restricted_patients", "restricted_patients_attempt"] {
        try await database.run(
          """
          create trigger trouble before insert or update or delete on \(table) for each row
            execute function trouble_of_writes()
          """
        )
      }
      var round = 0
      for (index, change) in try Self.changes(gateway).enumerated() {
        func attempt(_ code: String?, _ times: Int) async throws -> (answer: Answer, events: Int) {
          round += 1
          try await database.run("truncate trouble")
          try await change.prepare(round)
          let before = try await Self.events(database)
          if let code { try await Self.raise(code, times, round, in: database) }
          let answer = try await change.request(round)
          try await database.run("truncate trouble")
          return (answer, try await Self.events(database) - before)
        }
        let (untroubled, events) = try await attempt(nil, 0)
        #expect(untroubled.status < 300, "\(change.name): \(untroubled.text)")
        #expect(events > 0)
        for code in Self.clashes {
          let once = try await attempt(code, 2)
          #expect(once.answer.status == untroubled.status, "\(change.name), \(code): \(once.answer.text)")
          #expect(once.events == events, "\(change.name), \(code)")
        }
        let always = try await attempt(Self.clashes[index % Self.clashes.count], 1_000_000)
        #expect(try Self.isUnavailable(always.answer), "\(change.name): \(always.answer.text)")
        #expect(always.events == 0)
        for code in [Self.later[index % Self.later.count], Self.later[(index + 3) % Self.later.count]] {
          let once = try await attempt(code, 1)
          #expect(try Self.isUnavailable(once.answer), "\(change.name), \(code): \(once.answer.text)")
          #expect(once.events == 0)
          let again = try await change.request(round)
          #expect(again.status == untroubled.status, "\(change.name) after \(code): \(again.text)")
        }
      }
    }
  }

  @Test("no read is answered 500: a clash is run again, what goes on is 503 with Retry-After")
  func reads() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      Self.stub(gateway)
      let database = gateway.database
      let id = try await database.insertOpen("A1234BC", "D5678EF")
      try await database.insertPatient("A1234BC")
      let (reader, writer) = (try gateway.reader(), try gateway.writer())
      let user = try gateway.user()
      let access = try gateway.token(roles: ["SAR_DATA_ACCESS"])
      _ = try await gateway.patch("/non-associations/\(id)", #"{"comment":"new"}"#, token: writer)
      try await database.run(Self.trouble)
      for table in ["non_association", "non_association_history", "restricted_patients"] {
        try await database.run(
          """
          alter table \(table) rename to \(table)_real;
          create view \(table) as select * from \(table)_real where trouble_of_reads()
          """
        )
      }
      let requests: [(String, String, String?)] = [
        ("/non-associations/\(id)", reader, nil), ("/prisoner/A1234BC/non-associations", reader, nil),
        ("/non-associations", reader, nil), ("/non-associations/\(id)/history", reader, nil),
        ("/non-associations/between", reader, #"["A1234BC","D5678EF"]"#),
        ("/non-associations/involving", reader, #"["A1234BC"]"#),
        ("/restricted-patient/prison-number/A1234BC", user, nil), ("/restricted-patients", reader, nil),
        ("/restricted-patient/prison-number/A1234BC/history", reader, nil),
        ("/subject-access-request?prn=A1234BC", access, nil),
      ]
      var round = 0
      for (target, token, body) in requests {
        func ask(_ code: String?, _ times: Int) async throws -> Answer {
          round += 1
          if let code {
            try await Self.raise(code, times, round, in: database)
          } else {
            try await database.run("truncate trouble")
          }
          guard let body else { return try await gateway.get(target, token: token) }
          return try await gateway.post(target, body, token: token)
        }
        #expect(try await ask(nil, 0).status == 200, "\(target)")
        for code in ["40001", "40P01", "26000"] {
          #expect(try await ask(code, 1).status == 200, "\(target), \(code)")
          #expect(try Self.isUnavailable(try await ask(code, 100)), "\(target), \(code)")
        }
        let code = Self.later.filter { $0 != "57P03" }[round % 6]
        #expect(try Self.isUnavailable(try await ask(code, 100)), "\(target), \(code)")
      }
    }
  }

  @Test("a record that another session keeps locked is 503 with Retry-After, not 500")
  func locked() async throws {
    try await withGateway(settings: ["DATABASE_STATEMENT_TIMEOUT": "1s"]) { (gateway) async throws in
      let id = try await gateway.database.insertOpen("A1234BC", "D5678EF")
      let holder = Task {
        try await gateway.database.run(
          "begin; select from non_association where id = \(id) for update; select pg_sleep(20); commit"
        )
      }
      try await eventually("one session sleeps") {
        try await gateway.database.row("select count(*) from pg_stat_activity where wait_event = 'PgSleep'")
          == "1"
      }
      let answer = try await gateway.put(
        "/non-associations/\(id)/close",
        #"{"closedReason":"over"}"#,
        token: gateway.writer()
      )
      #expect(try Self.isUnavailable(answer), "\(answer.text)")
      _ = try await gateway.database.row(
        "select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'PgSleep'"
      )
      _ = try? await holder.value
      let later = try await gateway.put(
        "/non-associations/\(id)/close",
        #"{"closedReason":"over"}"#,
        token: gateway.writer()
      )
      #expect(later.status == 200)
    }
  }

  @Test("columns that change under a running gateway disturb nobody: each change and its events happen once")
  func changedColumns() async throws {
    let settings = ["DATABASE_WRITE_CONNECTIONS": "4", "DATABASE_READ_CONNECTIONS": "2"]
    try await withGateway(at: Patients.clock, settings: settings) { (gateway) async throws in
      Self.stub(gateway)
      let database = gateway.database
      var ids: [Int] = []
      for number in 0..<8 { ids.append(try await database.insertOpen("A1234BC", "D\(1000 + number)EF")) }
      for number in 0..<4 { try await database.insertPatient("P\(1000 + number)CC", prison: "LEI") }
      let (reader, writer) = (try gateway.reader(), try gateway.writer())
      var (changed, told) = (0, 0)
      for round in 0..<5 {
        try await withThrowingTaskGroup(of: (isChange: Bool, answer: Answer).self) { group in
          for id in ids {
            group.addTask {
              let path = "/non-associations/\(id)"
              return (true, try await gateway.patch(path, #"{"comment":"\#(round)"}"#, token: writer))
            }
            for target in [
              "/non-associations/\(id)", "/non-associations/\(id)/history",
              "/prisoner/A1234BC/non-associations",
            ] {
              group.addTask { (false, try await gateway.get(target, token: reader)) }
            }
          }
          for number in 0..<4 {
            let patient = "P\(1000 + number)CC"
            group.addTask {
              (
                true,
                try await gateway.changePrison(patient, to: round.isMultiple(of: 2) ? "MDI" : "LEI")
              )
            }
            group.addTask { (false, try await gateway.patient(patient)) }
          }
          for try await (isChange, answer) in group {
            #expect(answer.status == 200, "round \(round): \(answer.text)")
            if isChange { changed += 1 }
          }
        }
        try await database.run(
          """
          alter table non_association alter column updated_by type varchar(\(61 + round));
          alter table restricted_patients alter column comment_text type varchar(\(241 + round));
          """
        )
        // Each of both kinds, alone, right after it.
        #expect(try await gateway.get("/non-associations/\(ids[0])", token: reader).status == 200)
      }
      told = try await database.count("gateway_outbox where kind = 'event'") + database.events().count
      #expect(changed == 60)
      #expect(told == changed)
    }
  }

  @Test("a text that the database has no place for is 400 in both modules, wherever it stands")
  func unstorable() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      Self.stub(gateway)
      let database = gateway.database
      try await database.run(Self.trouble)
      for table in ["non_association", "restricted_patients"] {
        try await database.run(
          "create trigger trouble before insert or update on \(table) for each row execute function trouble_of_writes()"
        )
      }
      let changes = try Self.changes(gateway).filter {
        ["create", "patch", "change supporting prison"].contains($0.name)
      }
      for (round, change) in changes.enumerated() {
        for code in ["22021", "22P05"] {
          try await database.run("truncate trouble")
          if code == "22021" { try await change.prepare(round) }
          try await Self.raise(code, 1, round, in: database)
          let answer = try await change.request(round)
          #expect(answer.status == 400, "\(change.name): \(answer.text)")
          #expect(
            try answer.json["developerMessage"] == "A text holds a character that cannot be stored",
            "\(change.name)"
          )
        }
      }
      try await database.run("truncate trouble")
      // A NUL in the token's name for the user, which JSON can say and PostgreSQL cannot hold: no good token.
      let token = try gateway.writer(user: "A\u{0}B")
      let id = try await database.insertOpen("A1234BC", "D5678EF")
      let patched = try await gateway.patch("/non-associations/\(id)", #"{"comment":"new"}"#, token: token)
      #expect(patched.status == 401)
      let user = try gateway.token(roles: [], user: "A\u{0}B")
      let discharged = try await gateway.post("/discharge-to-hospital", Patients.dischargeBody(), token: user)
      #expect(discharged.status == 401)
      for (target, body) in [
        ("/non-associations/between", #"["A1234B\u0000","D5678EF"]"#),
        ("/non-associations/involving", #"["\u0000"]"#),
      ] {
        let answer = try await gateway.post(target, body, token: gateway.reader())
        #expect(answer.status == 400, "\(target): \(answer.text)")
      }
      for target in [
        "/prisoner/A%00/non-associations", "/restricted-patient/prison-number/A%00",
        "/restricted-patients?supportingPrison=%00",
        "/subject-access-request?prn=%00",
      ] {
        #expect(try await gateway.get(target, token: gateway.reader()).status == 400, "\(target)")
      }
    }
  }
}
