import ServerTestKit
import Synchronization

/// The restricted patients service replaced, as far as its database, its queues and the prisons see it: it writes rows with
/// its own SQL, hears of releases and receptions, and tells of what it has changed. It shares no code with the gateway.
final class OldRestrictedPatients: Sendable {
  private struct State {
    var step = 0
    var isDeskOpen = true
    var told: [String] = []
    var heard: [String] = []
  }

  let turns = OldServiceTurns()
  private let place: CutOver
  private let prisons: SharedPrisons
  private let state = Mutex(State())

  init(_ place: CutOver, _ prisons: SharedPrisons) { (self.place, self.prisons) = (place, prisons) }

  /// Which of the prisoners of its desk it is about.
  var step: Int { state.withLock(\.step) }
  /// What it has changed and told of, as type and prisoner.
  var told: [String] { state.withLock(\.told) }
  /// The messages that it has handled, as type and prisoner.
  var heard: [String] { state.withLock(\.heard) }

  func closeDesk() { state.withLock { $0.isDeskOpen = false } }

  /// Discharges one prisoner and removes another, step by step, whenever it may serve, until its desk is closed.
  func serve(discharging: (Int) -> String, removing: (Int) -> String) async throws {
    while try await turns.isUp(), state.withLock(\.isDeskOpen) {
      // In turns one of the two first, as the gateway may be asked for both at once.
      if step.isMultiple(of: 2) { try await discharge(discharging(step)) }
      try await remove(removing(step))
      if !step.isMultiple(of: 2) { try await discharge(discharging(step)) }
      state.withLock { $0.step += 1 }
    }
  }

  /// Does what messages ask for, whenever it may serve, until it has ended.
  func hear() async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        try await self.turns.hear(self.place.names.patients, self.place.client) { message in
          guard let number = message["additionalInformation"]?["nomsNumber"]?.text else { return }
          try await self.released(number)
          self.state.withLock { $0.heard.append("released \(number)") }
        }
      }
      group.addTask {
        try await self.turns.hear(self.place.names.movements, self.place.client) { message in
          guard let number = message["offenderIdDisplay"]?.text else { return }
          if try await self.delete(number) { try self.tell("removed", number) }
          self.state.withLock { $0.heard.append("received \(number)") }
        }
      }
      try await group.waitForAll()
    }
  }

  // MARK: Requests

  private func discharge(_ number: String) async throws {
    guard try await !isPatient(number),
      try await prisons.ask(ScriptedUpstream.booking(number))["activeFlag"] == true
    else { return }
    _ = try await prisons.ask(
      ScriptedUpstream.discharge(number),
      #"{"dischargeTime":"2026-01-15T10:20","fromLocationId":"MDI","hospitalLocationCode":"HAZLWD","#
        + #""supportingPrisonId":"MDI"}"#
    )
    // What somebody else has recorded by now is an error of the database's to it.
    if try await insert(number, "null", "'OLD'") { try tell("added", number) }
  }

  private func remove(_ number: String) async throws {
    guard try await isPatient(number), let booking = try await prisons.booking(of: number) else { return }
    _ = try await prisons.ask(
      ScriptedUpstream.release,
      #"{"bookingId":\#(booking),"fromAgencyId":"HAZLWD","toAgencyId":"OUT","#
        + #""movementTime":"2026-01-15T10:20:30","movementType":"REL","movementReason":"CR","directionCode":"OUT"}"#
    )
    if try await delete(number) { try tell("removed", number) }
  }

  // MARK: Messages

  private func released(_ number: String) async throws {
    let movement = try await prisons.ask(ScriptedUpstream.movements, #"["\#(number)"]"#)[0]
    guard movement?["movementReasonCode"] == "HP", let hospital = movement?["toAgency"]?.text,
      try await prisons.ask(ScriptedUpstream.agency(hospital))["agencyType"] == "HSHOSP",
      try await !isPatient(number)
    else { return }
    if try await insert(number, "'Psychiatric discharge'", "null") { try tell("added", number) }
  }

  private func tell(_ type: String, _ number: String) throws {
    let eventType = "restricted-patients.patient.\(type)"
    try place.client.publish(
      #"{"eventType":"\#(eventType)","additionalInformation":{"prisonerNumber":"\#(number)"},"version":1}"#,
      type: eventType,
      on: place.names.topicARN
    )
    state.withLock { $0.told.append("\(eventType) \(number)") }
  }

  // MARK: Rows

  private func isPatient(_ number: String) async throws -> Bool {
    try await place.database.count("restricted_patients where prisoner_number = '\(number)'") == 1
  }

  private func insert(_ number: String, _ comment: String, _ user: String) async throws -> Bool {
    // Its own INSERT fails where this does nothing.
    try await !place.database.row(
      """
      insert into restricted_patients (prisoner_number, from_location_id, hospital_location_code, supporting_prison_id,
        discharge_time, comment_text, create_user_id, create_datetime, modify_user_id, modify_datetime)
      values ('\(number)', 'MDI', 'HAZLWD', 'MDI', '2022-05-20T14:36:13', \(comment), \(user), localtimestamp, \(user),
        localtimestamp)
      on conflict do nothing returning prisoner_number
      """
    ).isEmpty
  }

  private func delete(_ number: String) async throws -> Bool {
    let sql = "delete from restricted_patients where prisoner_number = '\(number)' returning prisoner_number"
    return try await !place.database.row(sql).isEmpty
  }
}
