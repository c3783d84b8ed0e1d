internal import JSON
import ServiceKit
internal import Text
internal import Time

/// The widths of the columns of `restricted_patients` (`restricted-patients.md` §5), in characters. What does not fit is
/// refused before prison API is told anything (§14.11).
enum Width {
  static let prisonerNumber = 7
  static let prison = 5
  static let hospital = 10
  static let comment = 240
  static let user = 32

  /// - Throws: `RestrictedPatientsError.invalid` for a text that is blank, too long, or has characters that no path of a
  ///   call of prison API can have.
  static func check(_ text: String, _ name: String, _ width: Int) throws(RestrictedPatientsError) {
    guard text.utf8.contains(where: { $0 > 0x20 }) else { throw .invalid("\(name) must not be blank") }
    guard !text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
      throw .invalid("\(name) must not have control characters")
    }
    // PostgreSQL counts characters as code points.
    guard text.unicodeScalars.count <= width else {
      throw .invalid("\(name) must have at most \(width) characters")
    }
  }
}

/// The body of a discharge to hospital (§7.1), decoded and checked.
struct DischargeRequest: Equatable, Sendable {
  var offenderNo: String
  var fromLocationID: String
  var hospitalLocationCode: String
  var supportingPrisonID: String
  /// Nil for now.
  var dischargeTime: LocalDateTime?
  var commentText: String?

  /// - Throws: `PlatformFailure` for a body that cannot be read, `RestrictedPatientsError.invalid` for values that no
  ///   record can hold.
  init(_ body: JSONValue) throws {
    let fields = try JSONFields(body)
    offenderNo = try fields.text("offenderNo")
    fromLocationID = try fields.text("fromLocationId")
    hospitalLocationCode = try fields.text("hospitalLocationCode")
    supportingPrisonID = try fields.optionalText("supportingPrisonId") ?? fromLocationID
    dischargeTime = try fields.optionalDateTime("dischargeTime")
    commentText = try fields.optionalText("commentText")
    try Width.check(offenderNo, "offenderNo", Width.prisonerNumber)
    try Width.check(fromLocationID, "fromLocationId", Width.prison)
    try Width.check(hospitalLocationCode, "hospitalLocationCode", Width.hospital)
    try Width.check(supportingPrisonID, "supportingPrisonId", Width.prison)
    if let commentText, commentText.unicodeScalars.count > Width.comment {
      throw RestrictedPatientsError.invalid("commentText must have at most \(Width.comment) characters")
    }
    if [fromLocationID, supportingPrisonID].contains(where: hospitalLocationCode.hasSameBytes) {
      throw RestrictedPatientsError.invalid("hospitalLocationCode must not be a prison of the same request")
    }
    // The database has no year 0.
    if let dischargeTime, dischargeTime.text.hasPrefix("0000") {
      throw RestrictedPatientsError.invalid("dischargeTime must be after the year 0")
    }
  }
}

/// The body of a migration (§7.2).
struct MigrateRequest: Equatable, Sendable {
  var offenderNo: String
  var hospitalLocationCode: String

  /// - Throws: as `DischargeRequest`.
  init(_ body: JSONValue) throws {
    let fields = try JSONFields(body)
    offenderNo = try fields.text("offenderNo")
    hospitalLocationCode = try fields.text("hospitalLocationCode")
    try Width.check(offenderNo, "offenderNo", Width.prisonerNumber)
    try Width.check(hospitalLocationCode, "hospitalLocationCode", Width.hospital)
  }
}

/// The body of a change of supporting prison (§7.5).
struct SupportingPrisonRequest: Equatable, Sendable {
  var offenderNo: String
  var supportingPrisonID: String

  /// - Throws: as `DischargeRequest`.
  init(_ body: JSONValue) throws {
    let fields = try JSONFields(body)
    offenderNo = try fields.text("offenderNo")
    supportingPrisonID = try fields.text("supportingPrisonId")
    try Width.check(supportingPrisonID, "supportingPrisonId", Width.prison)
  }
}

/// Who asks for a change.
struct Caller: Equatable, Sendable {
  /// What audit columns hold: the user's name, else the client's.
  var name: String
  /// On whose behalf prison API is called: the token's `sub` (§2); nil for the service itself.
  var subject: String?

  /// - Throws: `RestrictedPatientsError.invalid` for a name that its column cannot hold.
  func check() throws(RestrictedPatientsError) {
    guard name.unicodeScalars.count <= Width.user else {
      throw .invalid("the token's user name must have at most \(Width.user) characters")
    }
  }
}
