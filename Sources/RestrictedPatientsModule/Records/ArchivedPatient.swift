import Postgres
import ServiceKit
internal import Time

/// A record that is no more: the row as it was, and who took it away.
struct ArchivedPatient: Equatable, Sendable {
  /// Why a record was removed.
  enum Cause: String, CaseIterable, Sendable {
    /// A user asked for it.
    case user = "USER"
    /// The prisoner was received into a prison.
    case reception = "RECEPTION"
    /// The past-date check found the sentence over.
    case batch = "BATCH"
    /// A merge was resolved so.
    case merge = "MERGE"
  }

  var patient: RestrictedPatient
  var removedAt: LocalDateTime
  /// Nil when nobody asked for it.
  var removedBy: String?
  var cause: StoredCode<Cause>
}

// MARK: Columns

/// The columns that `restricted_patients_archive` has besides those of a patient, each declared once.
struct ArchivedPatientFields: Sendable {
  typealias Row = ArchivedPatient

  let removedAt: Field<Row, LocalDateTime>
  let removedBy: Field<Row, String?>
  let cause: Field<Row, StoredCode<ArchivedPatient.Cause>>

  init(_ table: inout Table<Row>) {
    removedAt = table.localTime("removed_datetime") { $0.removedAt }
    removedBy = table.optionalText("removed_user_id", .text) { $0.removedBy }
    cause = table.code("removed_because", .text) { $0.cause }
  }
}

extension ArchivedPatient {
  static let record = Record("restricted_patients_archive", ArchivedPatientFields.init)

  /// The columns of a patient, those of the archive, and the number of the row.
  static let columns = "\(RestrictedPatient.record.table.selected), \(record.table.selected), id"

  /// - Parameter row: of ``columns``.
  init(
    _ row: PostgresRow,
    _ fields: RestrictedPatientFields,
    _ archiveFields: ArchivedPatientFields,
    _ misfits: MisfitValues
  ) throws {
    let table = Self.record.table.name
    let start = RestrictedPatient.record.table.columns.count
    let id = start + Self.record.table.columns.count
    patient = try RestrictedPatient(row, of: table, key: .id(id), fields, misfits)
    let row = LenientRow(row, from: start, of: table, key: .id(id - start), misfits: misfits)
    removedAt = try archiveFields.removedAt(row)
    removedBy = try archiveFields.removedBy(row)
    cause = try archiveFields.cause(row)
  }
}

// MARK: JSON

extension ArchivedPatient {
  /// The row's ten properties, then when, by whom and why it was removed.
  enum Shape: ObjectShape {
    typealias Value = ArchivedPatient
    static let name: String? = "RemovedRestrictedPatient"

    static func declare(_ json: inout some ObjectDescriber<ArchivedPatient>) {
      json.record { $0.patient }
      json.localTime("removedDateTime", .londonTime("When the record was removed")) { $0.removedAt }
      json.optionalText("removedUserId") { $0.removedBy }
      json.text("removedBecause", .choice(Cause.allCases.map(\.rawValue))) { $0.cause.rawValue }
    }
  }
}
