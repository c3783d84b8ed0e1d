import TestKit
import Testing

/// Restricted patients as it was and the gateway on one database and its two queues, alone and side by side, as while pods
/// are rolled over and back (docs/contract/adoption.md §1.3). The load goes on through all of it.
@Suite("docs/contract/adoption.md §1.3: restricted patients, cut over and back under load, on one database")
struct PatientsCutOverTests {
  @Test("AD-9: each change is made once and told once, while both serve, in turns and side by side")
  func underLoad() async throws {
    try await OldDatabase.with(.restrictedPatients, versions: ["1", "2", "3", "4"]) {
      (database) async throws in
      try await SharedPrisons.with { (prisons) async throws in
        let history = try await database.flywayHistory()
        let world = PatientsCutOver(database, prisons)
        try await world.run()
        try await world.wasDoneOnce()
        try await world.wasToldOnce()
        try await world.wasAskedOnce()
        #expect(try await database.flywayHistory() == history)
      }
    }
  }
}

/// One cut over and back, and what must be so afterwards.
private struct PatientsCutOver {
  let place: CutOver
  let prisons: SharedPrisons
  let old: OldRestrictedPatients
  let load: PatientsLoad

  init(_ database: TestDatabase, _ prisons: SharedPrisons) {
    self.prisons = prisons
    place = CutOver(
      database: database,
      module: "restricted-patients",
      settings: ["API_BASE_URL_PRISON_API": prisons.url, "API_BASE_URL_PRISONER_SEARCH": prisons.url]
    )
    old = OldRestrictedPatients(place, prisons)
    load = PatientsLoad(place, prisons)
  }

  private func gateway(_ body: (RunningGateway) async throws -> Void) async throws {
    try await place.gateway(subscribedTo: place.names.offenderTopicARN, body)
  }

  // MARK: The load

  func run() async throws {
    // The first turn makes topics and queues, as they are there in a namespace.
    try await gateway { _ in
      try await place.client.subscribe(place.names.subscriber, to: place.names.topicARN)
    }
    try await load.seed()
    try await withThrowingTaskGroup(of: Void.self) { group in
      defer {
        end()
        old.turns.end()
      }
      group.addTask { try await old.hear() }
      group.addTask { try await load.publish() }
      group.addTask {
        try await old.serve(
          discharging: { PatientsLoad.number("J", $0) },
          removing: { PatientsLoad.number("E", $0) }
        )
      }
      group.addTask { for await number in prisons.discharges { try load.released(number) } }
      group.addTask {
        try await rollOverAndBack()
        end()
      }
      // All but the old service's ears.
      for _ in 0..<4 { try await group.next() }
      // The last turn sends what the one before may have left.
      try await gateway { (_) async throws in
        try await place.isDrained(place.names.patients)
        try await place.isDrained(place.names.movements)
        try await place.isTold()
      }
      old.turns.end()
      try await group.waitForAll()
    }
  }

  private func end() {
    load.end()
    old.closeDesk()
    prisons.end()
  }

  private func rollOverAndBack() async throws {
    try await wait(for: (5, 5), ofGateway: (0, 0))
    // Rolled over: side by side, then the gateway alone. And back, over a time of both; it stops with messages left.
    try await gateway { (gateway) async throws in
      try await load.ask(gateway, beside: old) {
        try await sideBySide()
        old.turns.serve(false)
        try await wait(for: (0, 0), ofGateway: (10, 10))
        old.turns.serve(true)
        try await sideBySide()
      }
    }
    try await wait(for: (5, 5), ofGateway: (0, 0))
  }

  private func sideBySide() async throws {
    try await shareMessages()
    try await wait(for: (0, 3), ofGateway: (5, 5))
  }

  /// Lets the old service have messages too: the gateway, which is quicker to take them, has its hands full meanwhile.
  private func shareMessages() async throws {
    let before = prisons.prisoners(of: .movements, by: .oldService).count
    prisons.hold()
    defer { prisons.letGo() }
    try await eventually("the old service has told prison API", within: .seconds(90)) {
      prisons.prisoners(of: .movements, by: .oldService).count > before
    }
  }

  /// Waits until each has handled so many more messages, and so many more requests.
  private func wait(for old: Done, ofGateway gateway: Done) async throws {
    let start = done
    do {
      try await eventually("both have done their share", within: .seconds(90)) {
        let now = done
        return now.old.messages >= start.old.messages + old.messages
          && now.old.requests >= start.old.requests + old.requests
          && now.gateway.messages >= start.gateway.messages + gateway.messages
          && now.gateway.requests >= start.gateway.requests + gateway.requests
      }
    } catch {
      throw SocketFailure(
        description: "\(error): from \(start) it went to \(done), not by \(old) and \(gateway)"
      )
    }
  }

  private typealias Done = (messages: Int, requests: Int)
  private var done: (old: Done, gateway: Done) {
    // Those of whom only a message tells: the gateway asks of others only while they have no record.
    let asked = prisons.prisoners(of: .movements, by: .gateway).count { $0.hasPrefix("L") }
    let heard = old.heard.count { $0.hasPrefix("released L") }
    return ((heard, old.step), (asked, load.counts.requests))
  }

  // MARK: What must be so

  private func numbers(_ letter: String, _ count: Int) -> [String] {
    (0..<count).map { PatientsLoad.number(letter, $0) }
  }

  private func column(_ sql: String) async throws -> [String] {
    try await place.database.row(sql).split(separator: "\n").map(String.init).sorted()
  }

  /// The events that the gateway has told of, as type and prisoner.
  private func outbox() async throws -> [String] {
    try await column("select event_type || ' ' || subject from gateway_outbox where kind = 'event'")
  }

  /// Each prisoner who was to have a record has one, each who was to lose it has none.
  func wasDoneOnce() async throws {
    let (releases, requests) = load.counts
    let received = releases - PatientsLoad.ahead
    let records = Set(try await column("select prisoner_number from restricted_patients"))
    let present = numbers("L", releases).dropFirst(received) + numbers("J", old.step) + numbers("G", requests)
    #expect(Set(present).subtracting(records) == [])
    let absent = numbers("L", received) + numbers("E", old.step) + numbers("F", requests)
    #expect(records.intersection(absent) == [])
    // A release that was handled twice would have been asked about twice.
    let asked =
      prisons.prisoners(of: .movements, by: .gateway) + prisons.prisoners(of: .movements, by: .oldService)
    #expect(asked.filter { $0.hasPrefix("L") }.sorted() == numbers("L", releases).sorted())
    let heard = old.heard.filter { $0.hasPrefix("received") || $0.hasPrefix("released L") }
    #expect(Set(heard).count == heard.count)
    let receptions = try await column(
      "select 'received ' || prisoner_number from restricted_patients_archive where removed_because = 'RECEPTION'"
    )
    #expect(
      (receptions + heard.filter { $0.hasPrefix("received") }).sorted()
        == numbers("L", received).map { "received \($0)" }.sorted()
    )
    for queue in [place.names.patients, place.names.movements] {
      #expect(try await place.client.counts(of: place.names.deadLetters(of: queue)) == (0, 0))
    }
  }

  /// Of each record that came and each that went one of the two has told, once.
  func wasToldOnce() async throws {
    let told = try await place.told().filter { $0.type.hasPrefix("restricted-patients.") }.map(Self.text)
    let outbox = try await outbox()
    let twice = Dictionary(grouping: told) { $0 }.filter { $0.value.count > 1 }.keys
    #expect(twice.isEmpty)
    #expect(Set(told).symmetricDifference(old.told + outbox) == [])
    #expect(told.count == old.told.count + outbox.count)
    let (releases, requests) = load.counts
    let added = numbers("L", releases) + numbers("J", old.step) + numbers("G", requests)
    let removed =
      numbers("L", releases - PatientsLoad.ahead) + numbers("E", old.step) + numbers("F", requests)
    let due =
      added.map { "restricted-patients.patient.added \($0)" }
      + removed.map { "restricted-patients.patient.removed \($0)" }
    #expect(Set(due).subtracting(told) == [])
    #expect(try await place.database.count("gateway_outbox where kind <> 'event'") == 0)
    // The gateway keeps what it has removed, and nothing else.
    let archived = try await column(
      "select 'restricted-patients.patient.removed ' || prisoner_number from restricted_patients_archive"
    )
    #expect(archived == outbox.filter { $0.contains(".removed ") })
  }

  private static func text(_ told: (type: String, event: JSON)) -> String {
    "\(told.type) \(told.event["additionalInformation"]?["prisonerNumber"]?.text ?? "")"
  }

  /// The gateway has told prison API once of each change that it says it has made, and of no other but one that the old
  /// service, which knows nothing of the gateway's, has recorded before it.
  func wasAskedOnce() async throws {
    let answers = load.answers
    #expect(
      Set(answers.keys).isSubset(
        of: ["J 201", "J 400", "J 404", "E 200", "E 404", "G 201", "G 400", "F 200"]
      ),
      "\(answers)"
    )
    let discharged = prisons.prisoners(of: .discharge, by: .gateway)
    let released = prisons.prisoners(of: .release, by: .gateway)
    #expect(Set(discharged).count == discharged.count && Set(released).count == released.count)
    let overtaken = try await column(
      "select operation || ' ' || prisoner_number from restricted_patients_attempt where settled_because = 'EVENT'"
    )
    let late = overtaken.filter { $0.hasPrefix("ADD ") }.map { String($0.dropFirst(4)) }
    let (added, removed) = (
      load.succeeded.filter { "JG".contains($0.prefix(1)) },
      load.succeeded.filter { "EF".contains($0.prefix(1)) }
    )
    #expect(discharged.sorted() == (added + late).sorted())
    #expect(released.sorted() == removed.sorted())
    #expect(try await place.database.count("restricted_patients_attempt") == overtaken.count)
    // Of what it says it has made it has told, unless the record was gone by then.
    let told = Set(try await outbox())
    #expect(added.allSatisfy { told.contains("restricted-patients.patient.added \($0)") })
    #expect(
      removed.allSatisfy {
        told.contains("restricted-patients.patient.removed \($0)") || overtaken.contains("REMOVE \($0)")
      }
    )
  }
}
