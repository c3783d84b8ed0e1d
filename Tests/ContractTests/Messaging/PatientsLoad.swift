import Synchronization
import TestKit
import Testing

/// What is asked of restricted patients while it is cut over and back: prisoners whose letter says what becomes of them.
///
/// | letter | what is done |
/// | --- | --- |
/// | L | a message tells of the release to hospital, and once there is a record, another of the reception |
/// | J, E | the old service is asked to discharge the one and remove the other; so is the gateway, at about that time |
/// | G, F | the gateway is asked to discharge the one and remove the other |
final class PatientsLoad: Sendable {
  private struct State {
    var isOver = false
    var isDeskOpen = false
    /// Numbers of G, F and L so far.
    var requests = 0
    var releases = 0
    /// What the gateway has answered, as letter and status.
    var answers: [String: Int] = [:]
    var succeeded: [String] = []
  }

  /// So many prisoners are on their way by messages at once: twice what the gateway handles at once.
  static let ahead = 20
  private static let seeded = 2000

  private let place: CutOver
  private let prisons: SharedPrisons
  private let state = Mutex(State())

  init(_ place: CutOver, _ prisons: SharedPrisons) { (self.place, self.prisons) = (place, prisons) }

  static func number(_ letter: String, _ index: Int) -> String { "\(letter)\(1000 + index)AA" }

  /// How many prisoners messages have told of, and how many requests the gateway has answered of those that are its own.
  var counts: (releases: Int, requests: Int) { state.withLock { ($0.releases, $0.requests) } }
  /// Of the gateway, as letter and status.
  var answers: [String: Int] { state.withLock(\.answers) }
  /// Whom the gateway says it has discharged or removed.
  var succeeded: [String] { state.withLock(\.succeeded) }

  func end() { state.withLock { $0.isOver = true } }

  /// The records of those who will be removed.
  func seed() async throws {
    try await place.database.run(
      """
      insert into restricted_patients (prisoner_number, from_location_id, hospital_location_code, supporting_prison_id,
        discharge_time, create_user_id, create_datetime, modify_user_id, modify_datetime)
      select letter || 1000 + n || 'AA', 'MDI', 'HAZLWD', 'MDI', '2022-05-20T14:36:13', 'OLD', now(), 'OLD', now()
      from unnest(array['E', 'F']) letter, generate_series(0, \(Self.seeded - 1)) n
      """
    )
  }

  // MARK: Messages

  /// Tells of releases, and of receptions of those whose release somebody has handled, until the load ends.
  func publish() async throws {
    while state.withLock({ !$0.isOver }) {
      let index = state.withLock(\.releases)
      try released(Self.number("L", index))
      state.withLock { $0.releases += 1 }
      guard index >= Self.ahead else { continue }
      let earlier = Self.number("L", index - Self.ahead)
      try await eventually("the release of \(earlier) is handled", within: .seconds(90)) {
        // Whoever adds the record has asked about the prisoner; the database is asked at little cost then.
        guard prisons.wasAsked(about: earlier) else { return false }
        return try await place.database.count("restricted_patients where prisoner_number = '\(earlier)'") == 1
      }
      let message = #"{"eventType":"OFFENDER_MOVEMENT-RECEPTION","offenderIdDisplay":"\#(earlier)"}"#
      try place.client.publish(
        message,
        type: "OFFENDER_MOVEMENT-RECEPTION",
        on: place.names.offenderTopicARN
      )
    }
  }

  /// What prisoner search tells of a discharge, whoever asked for it.
  func released(_ number: String) throws {
    let type = "prisoner-offender-search.prisoner.released"
    let message =
      #"{"eventType":"\#(type)","version":1,"additionalInformation":{"nomsNumber":"\#(number)","#
      + #""reason":"RELEASED_TO_HOSPITAL","prisonId":"MDI"}}"#
    try place.client.publish(message, type: type, on: place.names.topicARN)
  }

  // MARK: Requests

  /// Asks the gateway while `body` runs.
  func ask(
    _ gateway: RunningGateway,
    beside old: OldRestrictedPatients,
    _ body: () async throws -> Void
  ) async throws {
    state.withLock { $0.isDeskOpen = true }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await self.serve(gateway, beside: old) }
      defer { state.withLock { $0.isDeskOpen = false } }
      try await body()
      state.withLock { $0.isDeskOpen = false }
      try await group.waitForAll()
    }
  }

  private func serve(_ gateway: RunningGateway, beside old: OldRestrictedPatients) async throws {
    var disputed = -1
    while state.withLock(\.isDeskOpen) {
      let (step, own) = (old.step, counts.requests)
      if step != disputed {
        disputed = step
        try await discharge("J", step, gateway)
        try await remove("E", step, gateway)
      }
      try await discharge("G", own, gateway)
      try await remove("F", own, gateway)
      state.withLock { $0.requests += 1 }
      // No faster than the events of it are published.
      try await eventually("fewer than ten events wait", within: .seconds(90)) {
        try await place.database.count("gateway_outbox where published_at is null") < 10
      }
    }
  }

  private func discharge(_ letter: String, _ index: Int, _ gateway: RunningGateway) async throws {
    let number = Self.number(letter, index)
    note(letter, number, try await gateway.discharge(Patients.dischargeBody(number)), success: 201)
  }

  private func remove(_ letter: String, _ index: Int, _ gateway: RunningGateway) async throws {
    let number = Self.number(letter, index)
    note(letter, number, try await gateway.removePatient(number), success: 200)
  }

  private func note(_ letter: String, _ number: String, _ answer: Answer, success: Int) {
    state.withLock { state in
      state.answers["\(letter) \(answer.status)", default: 0] += 1
      if answer.status == success { state.succeeded.append(number) }
    }
  }
}
