import Events
import Foundation
import Logging
import Testing

@testable import Gateway
@testable import NonAssociationsModule

/// What a row may hold that no answer can.
enum Misfits {
  /// Times with what is shown of them.
  static let times: [(stored: String, shown: String)] = [
    ("infinity", latest), ("10000-01-01 00:00:00+00", latest), ("294276-12-31 23:59:59.999999+00", latest),
    ("-infinity", earliest), ("4714-11-24 00:00:00+00 BC", earliest), ("0044-03-15 12:00:00+00 BC", earliest),
  ]
  /// Codes; with the kelvin sign in place of K.
  static let codes = ["NEW_REASON", "UN\u{212A}NOWN", "victim", "\"a\\b\" ☃", "VICTIM "]

  static let latest = "9999-12-31T23:59:59.999999"
  static let earliest = "0000-01-01T00:00:00"
}

@Suite("Rows with values that no answer can hold")
struct MisfitRowTests {
  private static let codeColumns = [
    ("first_prisoner_role", "firstPrisonerRole"), ("second_prisoner_role", "secondPrisonerRole"),
    ("reason", "reason"), ("restriction_type", "restrictionType"),
  ]
  private static let timeColumns = [
    ("when_created", "whenCreated"), ("when_updated", "whenUpdated"), ("closed_at", "closedAt"),
  ]

  /// One closed row for each column with each odd value, between the same two; with the ids, what each shows.
  private func fill(_ database: TestDatabase) async throws -> [Int: (key: String, shown: String)] {
    var rows: [Int: (key: String, shown: String)] = [:]
    func add(_ column: String, _ value: String, _ key: String, _ shown: String) async throws {
      let id = try await database.insertClosed("A1234BC", "D5678EF")
      try await database.run("update non_association set \(column) = '\(value)' where id = \(id)")
      rows[id] = (key, shown)
    }
    for (column, key) in Self.timeColumns {
      for (stored, shown) in Misfits.times { try await add(column, stored, key, shown) }
    }
    for (column, key) in Self.codeColumns {
      for code in Misfits.codes { try await add(column, code, key, code) }
    }
    return rows
  }

  private func check(
    _ items: [JSON],
    _ rows: [Int: (key: String, shown: String)],
    good: Int,
    _ what: String
  ) {
    let byID = Dictionary(items.map { ($0["id"]?.number ?? -1, $0) }) { first, _ in first }
    #expect(Set(byID.keys) == Set(rows.keys).union([good]), "\(what)")
    for (id, row) in rows {
      // The list of one prisoner names the roles after whose they are.
      let isOfOne = byID[id]?["role"] != nil
      let shown =
        switch row.key {
        case "firstPrisonerRole" where isOfOne: byID[id]?["role"]
        case "secondPrisonerRole" where isOfOne: byID[id]?["otherPrisonerDetails"]?["role"]
        default: byID[id]?[row.key]
        }
      #expect(shown?.text.map { Array($0.utf8) } == Array(row.shown.utf8), "\(what), \(row)")
    }
  }

  @Test("Each stays in every list and is shown as the nearest value, in every order")
  func lists() async throws {
    try await withGateway { (gateway) async throws in
      let rows = try await fill(gateway.database)
      let good = try await gateway.database.insertOpen("A1234BC", "D5678EF")
      let reader = try gateway.reader()
      for sort in [
        "id", "reason", "restrictionType", "firstPrisonerRole", "secondPrisonerRole", "whenCreated",
        "whenUpdated,desc",
        "closedAt", "closedAt,desc",
      ] {
        let path = "/non-associations?includeClosed=true&size=200&sort=\(sort)"
        let page = try await gateway.get(path, token: reader)
        #expect(page.status == 200)
        check(try page.json["content"]?.items ?? [], rows, good: good, path)
      }
      for sort in ["WHEN_CREATED", "WHEN_UPDATED", "WHEN_CLOSED", "LAST_NAME"] {
        for direction in ["ASC", "DESC"] {
          let path =
            "/prisoner/A1234BC/non-associations?includeClosed=true&sortBy=\(sort)&sortDirection=\(direction)"
          let list = try await gateway.get(path, token: reader)
          #expect(list.status == 200)
          check(try list.json["nonAssociations"]?.items ?? [], rows, good: good, path)
        }
      }
      for path in ["between", "involving"] {
        let list = try await gateway.post(
          "/non-associations/\(path)?includeClosed=true",
          #"["A1234BC","D5678EF"]"#,
          token: reader
        )
        #expect(list.status == 200)
        check(try list.json.items, rows, good: good, path)
      }
      let access = try await gateway.get(
        "/non-associations-api/subject-access-request?prn=A1234BC",
        token: gateway.token(roles: ["SAR_DATA_ACCESS"])
      )
      #expect(access.status == 200)
      check(try access.json["content"]?["nonAssociations"]?.items ?? [], rows, good: good, "subject access")
      for (id, row) in rows {
        let one = try await gateway.get("/non-associations/\(id)", token: reader)
        #expect(one.status == 200)
        #expect(try one.json[row.key]?.text.map { Array($0.utf8) } == Array(row.shown.utf8))
        let legacy = try await gateway.get(
          "/legacy/api/non-associations/\(id)",
          token: gateway.synchroniser()
        )
        #expect(legacy.status == 200)
        if row.key == "restrictionType" { #expect(try legacy.json["typeCode"] == "WING") }
        if row.key == "closedAt" { #expect(try legacy.json["expiryDate"] == .text(row.shown)) }
        #expect(try await gateway.get("/non-associations/\(id)/history", token: reader).status == 200)
      }
    }
  }

  @Test("A change of such a row leaves every other column as it is stored, and its history can be read")
  func changes() async throws {
    try await withGateway { (gateway) async throws in
      let rows = try await fill(gateway.database)
      let rest =
        "row(first_prisoner_role, second_prisoner_role, reason, restriction_type, when_created, closed_by, closed_at)"
      for (id, row) in rows {
        let before = try await gateway.database.row("select \(rest) from non_association where id = \(id)")
        let patched = try await gateway.patch(
          "/non-associations/\(id)",
          #"{"comment":"new"}"#,
          token: gateway.writer(user: "U")
        )
        #expect(patched.status == 200, "\(row)")
        #expect(
          try await gateway.database.row("select \(rest) from non_association where id = \(id)") == before
        )
        let kept = try await gateway.database.row(
          "select count(distinct \(rest)) from non_association_history where non_association_id = \(id)"
        )
        #expect(kept == "1", "\(row)")
        let history = try await gateway.get("/non-associations/\(id)/history", token: gateway.reader())
        #expect(history.status == 200)
        #expect(
          try history.json["history"]?.items.compactMap { $0["change"]?.text } == ["EXISTING", "UPDATED"]
        )
        let gone = try await gateway.post(
          "/non-associations/\(id)/delete",
          DeleteTests.body,
          token: gateway.deleter()
        )
        #expect(gone.status == 204, "\(row)")
      }
    }
  }

  @Test("An odd row is closed, re-opened and renamed by a merge; what did not change stays as it is stored")
  func closeReopenMerge() async throws {
    try await withGateway { (gateway) async throws in
      let id = try await gateway.database.insertOpen(
        "A1234BC",
        "D5678EF",
        created: "infinity",
        updated: "-infinity"
      )
      try await gateway.database.run("update non_association set reason = 'NEW_REASON' where id = \(id)")
      let path = "/non-associations/\(id)"
      let closed = try await gateway.put(
        path + "/close",
        #"{"closedReason":"fine"}"#,
        token: gateway.writer()
      )
      #expect(closed.status == 200)
      #expect(try closed.json["whenCreated"] == .text(Misfits.latest))
      try await gateway.database.run(
        """
        update non_association set when_updated = '-infinity', closed_at = '294276-12-31 23:59:59.999999+00' where id = \(id)
        """
      )
      let queue = BusBridge(.nonAssociations, to: gateway.application.bus)
      let merge = Array(ConsumedTests.merged("D5678EF", "G9012HI").utf8)
      try await queue.handle(ReceivedMessage(id: "1", receipt: "1", body: merge, receiveCount: 1))
      let stored =
        "select (second_prisoner_number, reason, when_created, when_updated, closed_at at time zone 'UTC')"
      #expect(
        try await gateway.database.row("\(stored) from non_association where id = \(id)")
          == "(G9012HI,NEW_REASON,infinity,-infinity,\"294276-12-31 23:59:59.999999\")"
      )
      let reopened = try await gateway.put(
        path + "/reopen",
        #"{"reopenReason":"bad"}"#,
        token: gateway.reopener()
      )
      #expect(reopened.status == 200)
      #expect(try reopened.json["reason"] == "NEW_REASON")
      #expect(try reopened.json["closedAt"] == .null)
      let history = try await gateway.get(path + "/history", token: gateway.reader())
      #expect(history.status == 200)
      let times = try history.json["history"]?.items.map { $0["nonAssociation"]?["whenCreated"]?.text }
      #expect(times.map(Set.init) == [Misfits.latest])
    }
  }

  @Test("A history with unknown kinds, odd times and half a closure is shown whole")
  func history() async throws {
    try await withGateway { (gateway) async throws in
      let id = try await gateway.database.insertOpen("A1234BC", "D5678EF")
      let path = "/non-associations/\(id)"
      for comment in ["a", "b", "c"] {
        _ = try await gateway.patch(path, "{\"comment\":\"\(comment)\"}", token: gateway.writer())
      }
      let update = "update non_association_history set"
      try await gateway.database.run("\(update) change = 'SPLIT' where comment = 'a'")
      try await gateway.database.run(
        "\(update) changed_at = 'infinity', closed_reason = 'half' where comment = 'b'"
      )
      let answer = try await gateway.get(path + "/history", token: gateway.reader())
      #expect(answer.status == 200)
      let entries = try answer.json["history"]?.items ?? []
      #expect(entries.compactMap { $0["change"]?.text } == ["EXISTING", "SPLIT", "UPDATED", "UPDATED"])
      try #require(entries.count == 4)
      #expect(entries[2]["changedAt"] == .text(Misfits.latest))
      #expect(entries[2]["nonAssociation"]?["closedReason"] == "half")
      #expect(entries[2]["nonAssociation"]?["closedBy"] == "")
    }
  }

  @Test("Each is told of once in the log, by its id, and counted at each reading")
  func toldAndCounted() async throws {
    let log = RecordedLog()
    try await withGateway(logger: log.logger) { (gateway) async throws in
      let id = try await gateway.database.insertClosed("A1234BC", "D5678EF", closed: "infinity")
      for _ in 0..<3 { _ = try await gateway.get("/non-associations/\(id)", token: gateway.reader()) }
      let lines = log.lines.filter { $0.message.contains("no answer can hold") }
      #expect(lines.map(\.level) == [.warning])
      #expect(
        lines.first?.metadata == [
          "module": "non-associations", "table": "non_association", "column": "closed_at", "id": "\(id)",
        ]
      )
      let metrics = try ScrapedMetrics(try await gateway.get("/metrics").body)
      let labels = ["module": "non-associations", "table": "non_association", "column": "closed_at"]
      #expect(metrics.value("gateway_misfit_values_total", labels) == 3)
    }
  }

  @Test("Whatever closing and re-opening time is accepted is read back, equal to the microsecond")
  func timesComeBack() async throws {
    try await withGateway { (gateway) async throws in
      let id = try await gateway.database.insertOpen("A1234BC", "D5678EF")
      let path = "/non-associations/\(id)"
      var times = [
        ("9999-12-31T23:59:59.9999999", Misfits.latest), ("0000-01-01T00:00", Misfits.earliest),
        ("9999-12-31T23:59:59.9999994", Misfits.latest),
      ]
      for _ in 0..<20 {
        // Not in the hours that spring leaves out.
        let (year, month) = (Int.random(in: 1...9999), Int.random(in: 1...12))
        let microsecond = Int.random(in: 100_000...899_999)
        let text = String(
          format: "%04d-%02d-15T23:%02d:59.%06d",
          year,
          month,
          Int.random(in: 0...59),
          microsecond
        )
        let shown = String(text.reversed().drop { $0 == "0" }.reversed())
        times.append((text + "4", shown))
      }
      for (given, shown) in times {
        let closed = try await gateway.put(
          path + "/close",
          "{\"closedReason\":\"x\",\"closedAt\":\"\(given)\"}",
          token: gateway.writer()
        )
        #expect(try closed.json["closedAt"] == .text(shown), "\(given)")
        let read = try await gateway.get(path, token: gateway.reader())
        #expect(try read.json["closedAt"] == .text(shown), "\(given)")
        #expect(try read.json["whenUpdated"] == .text(shown), "\(given)")
        let reopened = try await gateway.put(
          path + "/reopen",
          "{\"reopenReason\":\"x\",\"reopenedAt\":\"\(given)\"}",
          token: gateway.reopener()
        )
        #expect(try reopened.json["whenUpdated"] == .text(shown), "\(given)")
      }
    }
  }
}
