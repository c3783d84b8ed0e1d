import ModuleKit
import ServiceKit
import Synchronization
import Time

@testable import RestrictedPatientsModule

/// A removal whose upstream answers as the test says, and which keeps what it was asked.
struct ScriptedRemoval: ExternalChangeKind {
  static let operation = ExternalChange.Operation.remove

  let patient: RestrictedPatient
  let store: RestrictedPatientsStore
  let messages: ChangeMessages
  /// Why it is not admitted.
  var rule: RestrictedPatientsError?
  /// Why a check refuses it.
  var refusal: RestrictedPatientsError?
  /// What prison API says on being asked.
  var has: Result<Bool, UpstreamFailure> = .success(false)
  /// Why prison API does not say that it has made it.
  var answer: UpstreamFailure?
  let calls = Calls()

  /// The steps that were taken, in their order.
  final class Calls: Sendable {
    private let names = Mutex<[String]>([])

    var all: [String] { names.withLock { $0 } }
    func note(_ name: String) { names.withLock { $0.append(name) } }
  }

  var prisonerNumber: String { patient.prisonerNumber }
  var requestedBy: String? { "U" }
  /// Not a removal's own, so that it can be told from success.
  var overtaken: RestrictedPatientsError? { .invalid("overtaken") }
  func admit(
    _ found: IntendedChange,
    awaited: RestrictedPatient?
  ) throws(RestrictedPatientsError) -> RestrictedPatient? {
    if let rule { throw rule }
    return found.patient ?? (awaited == nil ? patient : nil)
  }

  func check(
    _ admitted: RestrictedPatient,
    before deadline: MonotonicInstant
  ) async throws -> (patient: RestrictedPatient, checked: Int64) {
    calls.note("check")
    if let refusal { throw refusal }
    return (admitted, 7)
  }

  func ask(
    _ admitted: RestrictedPatient,
    before deadline: MonotonicInstant
  ) async throws(UpstreamFailure) -> RestrictedPatient? {
    calls.note("ask")
    return try has.get() ? admitted : nil
  }

  func tell(
    _ patient: RestrictedPatient,
    _ checked: Int64,
    before deadline: MonotonicInstant
  ) async throws(UpstreamFailure) {
    calls.note("tell \(checked)")
    if let answer { throw answer }
  }

  func record(
    _ patient: RestrictedPatient,
    of row: ExternalChangeRow,
    in unit: UnitOfWork
  ) async throws -> Bool {
    calls.note("record")
    let now = try Patients.time("2020-10-10T00:00")
    return try await store.archive(
      prisonerNumber,
      RemovalRecord(at: now, by: "U", cause: .user),
      of: row,
      in: unit
    )
  }

  func telemetry(_ patient: RestrictedPatient) -> TelemetryEvent? { .removed(patient) }
}
