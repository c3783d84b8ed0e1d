import Events
import Foundation
import Logging
import ServerTestKit
import Testing

@testable import Gateway
@testable import RestrictedPatientsModule

@Suite("Patients' rows with values that no answer can hold")
struct MisfitPatientTests {
  private static let columns = [
    ("discharge_time", "dischargeTime"), ("create_datetime", "createDateTime"),
    ("modify_datetime", "modifyDateTime"),
  ]

  private struct Odd {
    let number, column, key, shown: String
  }

  /// A patient for each column with each odd time.
  private static func fill(_ database: TestDatabase) async throws -> [Odd] {
    var rows: [Odd] = []
    for (column, key) in columns {
      for (stored, shown) in Misfits.times {
        let number = String(format: "B%04dAA", rows.count)
        try await database.insertPatient(number)
        try await database.run(
          "update restricted_patients set \(column) = '\(stored)' where prisoner_number = '\(number)'"
        )
        rows.append(Odd(number: number, column: column, key: key, shown: shown))
      }
    }
    return rows
  }

  @Test("Each stays in the list and is read, asked about, and shown as the nearest time")
  func reads() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      gateway.prisonAPI.stubLists()
      let rows = try await Self.fill(gateway.database)
      try await gateway.database.insertPatient("A12345")
      let page = try await gateway.get("/restricted-patients?size=200", token: gateway.reader())
      #expect(page.status == 200)
      let content = try page.json["content"]?.items ?? []
      #expect(Set(content.compactMap { $0["prisonerNumber"]?.text }) == Set(rows.map(\.number) + ["A12345"]))
      for (query, least) in [
        ("dischargedFrom=9999-12-31", 3), ("dischargedTo=0001-01-01", 3),
        ("dischargedFrom=0001-01-01&dischargedTo=9999-12-31", 13),
      ] {
        let filtered = try await gateway.get(
          "/restricted-patients?size=200&\(query)",
          token: gateway.reader()
        )
        #expect(filtered.status == 200, "\(query)")
        #expect(try filtered.json["totalElements"] == .number(least), "\(query)")
      }
      for row in rows {
        let one = try await gateway.patient(row.number)
        #expect(one.status == 200, "\(row)")
        let listed = content.first { $0["prisonerNumber"]?.text == row.number }
        if row.key != "modifyDateTime" {
          #expect(try one.json[row.key] == .text(row.shown), "\(row)")
          #expect(listed?[row.key] == .text(row.shown), "\(row)")
        }
        let history = try await gateway.get(
          "/restricted-patient/prison-number/\(row.number)/history",
          token: gateway.reader()
        )
        #expect(history.status == 200)
        #expect(try history.json["current"]?[row.key] == .text(row.shown), "\(row)")
        let access = try await gateway.get(
          "/restricted-patients-api/subject-access-request?prn=\(row.number)",
          token: gateway.token(roles: ["SAR_DATA_ACCESS"])
        )
        #expect(access.status == 200)
      }
      let metrics = try ScrapedMetrics(try await gateway.get("/metrics").body)
      let labels = [
        "module": "restricted-patients", "table": "restricted_patients", "column": "discharge_time",
      ]
      #expect(try #require(metrics.value("gateway_misfit_values_total", labels)) >= 6)
    }
  }

  @Test("Each can be changed and removed; what is kept of it is what was stored")
  func changes() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      gateway.prisonAPI.stubLists()
      gateway.prisonAPI.stub(
        ScriptedUpstream.agency("LEI"),
        200,
        ScriptedUpstream.agencyJSON("LEI", "Leeds", "INST")
      )
      gateway.prisonAPI.stub(ScriptedUpstream.release)
      for row in try await Self.fill(gateway.database) {
        gateway.search.answer(inTurn: [(200, "[\(Patients.found(row.number))]")])
        let changed = try await gateway.changePrison(row.number, to: "LEI")
        #expect(changed.status == 200, "\(row)")
        let kept = row.column == "modify_datetime" ? "create_datetime" : row.column
        let before = try await gateway.database.row(
          "select \(kept) from restricted_patients where prisoner_number = '\(row.number)'"
        )
        let removed = try await gateway.removePatient(row.number)
        #expect(removed.status == 200, "\(row)")
        let after = try await gateway.database.row(
          "select \(kept) from restricted_patients_archive where prisoner_number = '\(row.number)'"
        )
        #expect(before == after, "\(row)")
        let history = try await gateway.get(
          "/restricted-patient/prison-number/\(row.number)/history",
          token: gateway.reader()
        )
        #expect(history.status == 200)
      }
    }
  }

  @Test("The archive, merges and attempts are shown whole, whatever their rows have")
  func others() async throws {
    let log = RecordedLog()
    try await withGateway(at: Patients.clock, logger: log.logger) { (gateway) async throws in
      let admin = try gateway.token(roles: ["RESTRICTED_PATIENTS_ADMIN"])
      try await gateway.database.insertPatient("A12345", discharged: "infinity")
      for (index, (stored, _)) in Misfits.times.enumerated() {
        try await gateway.database.run(
          """
          insert into restricted_patients_archive (prisoner_number, from_location_id, hospital_location_code,
            supporting_prison_id, discharge_time, create_datetime, removed_datetime, removed_because)
          values ('A12345', 'MDI', 'HAZLWD', 'MDI', '\(stored)', '\(stored)', '\(stored)', 'USER');
          insert into restricted_patients_merge (removed_number, kept_number, first_seen, last_seen, deliveries)
          values ('A12345', 'C000\(index)CC', '\(stored)', '\(stored)', 1);
          insert into restricted_patients_attempt (prisoner_number, operation, started_at, expires_at, unknown_because)
          values ('D000\(index)DD', 'ADD', '\(stored)', now(), 'odd'),
            ('A12345', 'REMOVE', '\(stored)', now(), 'odd');
          """
        )
      }
      try await gateway.database.run(
        """
        alter table restricted_patients_archive drop constraint restricted_patients_archive_removed_because_check;
        update restricted_patients_archive set removed_because = 'DEATH' where id = 1;
        """
      )
      let shown = Set(Misfits.times.map(\.shown))
      let history = try await gateway.get(
        "/restricted-patient/prison-number/A12345/history",
        token: gateway.reader()
      )
      #expect(history.status == 200)
      let removed = try history.json["removed"]?.items ?? []
      #expect(removed.count == Misfits.times.count)
      #expect(Set(removed.compactMap { $0["removedDateTime"]?.text }) == shown)
      #expect(removed.last?["removedBecause"] == "DEATH")
      let merges = try await gateway.get("/restricted-patients/merges", token: admin)
      #expect(merges.status == 200)
      #expect(try Set(merges.json.items.compactMap { $0["since"]?.text }) == shown)
      let outcomes = try await gateway.get("/restricted-patients/unknown-outcomes", token: admin)
      #expect(outcomes.status == 200)
      #expect(try Set(outcomes.json.items.compactMap { $0["since"]?.text }).isSuperset(of: shown))
      // A removal asks for attempts at it that are not settled.
      gateway.search.answer(inTurn: [(200, "[\(Patients.found("A12345"))]")])
      gateway.prisonAPI.stub(ScriptedUpstream.release)
      gateway.prisonAPI.stubMovements()
      #expect(try await gateway.removePatient("A12345").status == 200)
      let told = log.lines.filter { $0.level > .debug && $0.message.contains("no answer can hold") }
      #expect(
        told.contains { $0.metadata["table"] == "restricted_patients_archive" && $0.metadata["id"] == "1" }
      )
      #expect(!told.contains { $0.metadata.values.contains { $0.contains("A12345") } })
    }
  }

  @Test("A reception, a release and a past-date check meet odd rows and fail at none")
  func events() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      let rows = try await Self.fill(gateway.database)
      for row in rows {
        let body =
          #"{"Message":"{\"eventType\":\"OFFENDER_MOVEMENT-RECEPTION\",\"movementDateTime\":\"0000-02-29T00:00\","#
          + #"\"offenderIdDisplay\":\"\#(row.number)\"}"}"#
        try await gateway.offenderEvents.handle(
          ReceivedMessage(id: "1", receipt: "1", body: Array(body.utf8), receiveCount: 1)
        )
      }
      // Gone is who was discharged before the year 0, and who in a future that can only be a mistake.
      #expect(try await gateway.database.count("restricted_patients") == rows.count - 6)
      gateway.search.answer(inTurn: [(200, "[]")])
      let check = try await gateway.send(
        "POST",
        "/process-past-date-restricted-patients",
        token: gateway.user()
      )
      #expect(check.status == 200)
    }
  }

  @Test("Whatever discharge time is accepted is read back, equal to the microsecond")
  func timesComeBack() async throws {
    try await withGateway(at: Patients.clock) { (gateway) async throws in
      gateway.prisonAPI.stubLists()
      var times = [
        ("9999-12-31T23:59:59.9999999", Misfits.latest), ("9999-12-31T23:59:59.999999999", Misfits.latest),
        ("0001-01-01T00:00", "0001-01-01T00:00:00"), ("2020-12-31T23:59:59.9999995", "2021-01-01T00:00:00"),
        ("2020-10-10T10:11:12.1234565", "2020-10-10T10:11:12.123457"),
        ("2020-10-10T10:11:12.1234575", "2020-10-10T10:11:12.123458"),
      ]
      for _ in 0..<20 {
        let (year, month) = (Int.random(in: 1...9999), Int.random(in: 1...12))
        let text = String(format: "%04d-%02d-28T01:30:59.%05d3", year, month, Int.random(in: 0...99_999))
        times.append((text + "499", text))
      }
      for (index, (given, shown)) in times.enumerated() {
        let number = String(format: "B%04dAA", index)
        gateway.prisonAPI.stubBooking(number)
        gateway.prisonAPI.stubDischarge(number)
        let added = try await gateway.discharge(
          Patients.dischargeBody(number, ["dischargeTime": "\"\(given)\""])
        )
        #expect(added.status == 201, "\(given)")
        #expect(try await gateway.patient(number).json["dischargeTime"] == .text(shown), "\(given)")
      }
      let page = try await gateway.get("/restricted-patients?size=200", token: gateway.reader())
      #expect(page.status == 200)
      #expect(try page.json["content"]?.items.count == times.count)
    }
  }
}
