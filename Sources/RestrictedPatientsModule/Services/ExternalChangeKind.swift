import ModuleKit
import ServiceKit
internal import Time

/// What one kind of external change is, step by step: discharge, migration and removal are three of them.
protocol ExternalChangeKind: Sendable {
  /// What the admission finds that the other steps need.
  associatedtype Admitted: Sendable
  /// What the checks find that prison API is told.
  associatedtype Checked: Sendable

  static var operation: ExternalChange.Operation { get }
  var prisonerNumber: String { get }
  /// Who asks for it; nil for nobody.
  var requestedBy: String? { get }
  /// What the caller gets if something else has put the record where the change would have; nil for success.
  var overtaken: RestrictedPatientsError? { get }
  /// What others are told once it is recorded.
  var messages: ChangeMessages { get }

  /// Decides by what stands in the database whether the change may be made.
  /// - Parameter awaited: the record as it was while another made the same change; nil if nobody did.
  /// - Returns: nil if that other has made it.
  /// - Throws: the rule that is not met.
  func admit(
    _ found: IntendedChange,
    awaited: RestrictedPatient?
  ) throws(RestrictedPatientsError) -> Admitted?

  /// Asks others whether the change may be made. Whatever it throws, nothing has happened.
  /// - Returns: the record as it becomes, or as it was, and what prison API is told.
  func check(
    _ admitted: Admitted,
    before deadline: MonotonicInstant
  ) async throws -> (patient: RestrictedPatient, checked: Checked)

  /// Asks prison API whether it has made the change.
  /// - Returns: the record as it becomes by what prison API has, or as it was; nil if prison API has not made it.
  func ask(
    _ admitted: Admitted,
    before deadline: MonotonicInstant
  ) async throws(UpstreamFailure) -> RestrictedPatient?

  func tell(
    _ patient: RestrictedPatient,
    _ checked: Checked,
    before deadline: MonotonicInstant
  ) async throws(UpstreamFailure)

  /// Changes the record.
  /// - Returns: false if it is where it should be already, or the row keeps nobody out any more.
  func record(
    _ patient: RestrictedPatient,
    of row: ExternalChangeRow,
    in unit: UnitOfWork
  ) async throws -> Bool

  /// The custom event of the change, once it is recorded; nil for none.
  func telemetry(_ patient: RestrictedPatient) -> TelemetryEvent?
}
