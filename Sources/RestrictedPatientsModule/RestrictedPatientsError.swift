internal import Text

/// What the rules of `restricted-patients.md` §4 and §7 refuse, and what other services may do to a request.
enum RestrictedPatientsError: Error, Equatable {
  /// No row has the prisoner number.
  case notFound(String)
  /// Prison API knows no active booking.
  case noActivePrisoner(String)
  /// Prisoner search does not know the prisoner.
  case noSearchResult(String)
  /// A business rule with a code of its own.
  case rule(BusinessRule)
  /// A value that no record can hold, or a combination that cannot be.
  case invalid(String)
  /// Another request is changing prison API for this prisoner.
  case underWay(String)
  /// No such stuck merge.
  case noStuckMerge(removed: String, kept: String)
  /// Another service refused, or did not answer.
  case upstream(UpstreamFailure)

  static func existingPatient(_ number: String) -> Self { .rule(.existingPatient(number)) }
}

/// A rule that has a code on the wire (§4).
struct BusinessRule: Equatable, Sendable {
  let code: String
  let message: String

  static func existingPatient(_ number: String) -> Self {
    Self(code: "EXISTING_PATIENT", message: "Prisoner (\(number)) is already a restricted patient")
  }
  static func noMovements(_ number: String) -> Self {
    Self(
      code: "NO_MOVEMENTS",
      message: "Prisoner (\(number)) does not have the correct latest movements to migrate"
    )
  }
  static func multipleMovements(_ number: String) -> Self {
    Self(code: "MULTIPLE_MOVEMENTS", message: "Prisoner (\(number)) has multiple latest movements")
  }
  static func notReleased(_ number: String) -> Self {
    Self(code: "LAST_MOVE_NOT_REL", message: "Prisoner (\(number)) was not released")
  }
  static func noFromAgency(_ number: String) -> Self {
    Self(
      code: "LAST_MOVE_NO_FROM_AGENCY",
      message: "Prisoner (\(number)) does not have an agency id associated with the last movement"
    )
  }
  static func dischargeTimeInvalid(_ number: String) -> Self {
    Self(
      code: "DISCHARGE_TIME_INVALID",
      message: "Prisoner (\(number)) does not have a valid movement date/time"
    )
  }
  static func prisonUnchanged(_ number: String, _ prison: String) -> Self {
    Self(code: "PRISON_UNCHANGED", message: "Prisoner (\(number)) already supported by \(prison)")
  }
  static func prisonNotFound(_ prison: String) -> Self {
    Self(code: "PRISON_NOT_FOUND", message: "Prison \(prison) not found")
  }
  static func resolutionImpossible(_ reason: String) -> Self {
    Self(code: "RESOLUTION_NOT_POSSIBLE", message: reason)
  }
}

extension RestrictedPatientsError: CustomStringConvertible {
  /// For logs: names no prisoner.
  var description: String {
    switch self {
    case .notFound: "no such record"
    case .noActivePrisoner: "no active prisoner"
    case .noSearchResult: "prisoner search does not know the prisoner"
    case .rule(let rule): rule.code
    case .invalid(let reason): reason
    case .underWay: "another request is changing this prisoner"
    case .noStuckMerge: "no such stuck merge"
    case .upstream(let failure): failure.description
    }
  }
}
