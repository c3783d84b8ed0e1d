import HTTPTypes
internal import JSON
import ServiceKit

/// What the rules of docs/contract/restricted-patients.md §4 and 7 refuse, and what other services may do to a request. What
/// each answers stands beside it, in ``answer``.
enum RestrictedPatientsError: RefusingError, Equatable {
  /// No row has the prisoner number.
  case notFound(String)
  /// There is a row.
  case existingPatient(String)
  /// Prison API knows no active booking.
  case noActivePrisoner(String)
  /// Prisoner search does not know the prisoner.
  case noSearchResult(String)
  /// The prisoner has not moved.
  case noMovements(String)
  /// The prisoner has several latest movements.
  case multipleMovements(String)
  /// The prisoner's latest movement is no release.
  case notReleased(String)
  /// Nobody knows which prison the prisoner was released from.
  case noFromAgency(String)
  /// Nobody knows when the prisoner was released.
  case dischargeTimeInvalid(String)
  /// The prison supports the patient already.
  case prisonUnchanged(String, prison: String)
  /// Prison API does not know the prison.
  case prisonNotFound(String)
  /// The records of a merge are not where a decision wants them.
  case resolutionImpossible(choices: [String])
  /// A value that no record can hold, or a combination that cannot be.
  case invalid(String)
  /// Another request is changing prison API for this prisoner, and takes longer than this one can wait.
  case underWay(String)
  /// Nobody knows whether prison API has made an earlier change of the same kind.
  case outcomeUnknown(String)
  /// Of no change of the prisoner's the outcome is unknown.
  case noUnknownOutcome(String)
  /// No such stuck merge.
  case noStuckMerge(removed: String, kept: String)
  /// Another service refused, or did not answer.
  case upstream(UpstreamFailure)
}

extension Refusal {
  static let notFound = Refusal("notFound", 404, "There is no such restricted patient")
  static let noActivePrisoner = Refusal(
    "noActivePrisoner",
    404,
    "Prison API or prisoner search does not know the prisoner"
  )
  static let noSearchResult = Refusal("noSearchResult", 404, "Prisoner search does not know the prisoner")
  static let existingPatient = Refusal(
    "EXISTING_PATIENT",
    400,
    "The prisoner is a restricted patient already"
  )
  static let noMovements = Refusal("NO_MOVEMENTS", 400, "The prisoner has not moved")
  static let multipleMovements = Refusal(
    "MULTIPLE_MOVEMENTS",
    400,
    "The prisoner has several latest movements"
  )
  static let notReleased = Refusal("LAST_MOVE_NOT_REL", 400, "The prisoner's latest movement is no release")
  static let noFromAgency = Refusal(
    "LAST_MOVE_NO_FROM_AGENCY",
    400,
    "Nobody knows which prison the prisoner was released from"
  )
  static let dischargeTimeInvalid = Refusal(
    "DISCHARGE_TIME_INVALID",
    400,
    "Nobody knows when the prisoner was released"
  )
  static let prisonUnchanged = Refusal("PRISON_UNCHANGED", 400, "The prison supports the patient already")
  static let prisonNotFound = Refusal("PRISON_NOT_FOUND", 400, "Prison API does not know the prison")
  static let resolutionImpossible = Refusal(
    "RESOLUTION_NOT_POSSIBLE",
    400,
    "The decision does not fit the records of the merge"
  )
  static let invalid = Refusal("invalid", 400, "A value breaks a rule that its description states")
  static let underWay = Refusal(
    "CHANGE_UNDER_WAY",
    503,
    "Another change of the prisoner is in progress, or the service is too busy; see Retry-After"
  )
  static let outcomeUnknown = Refusal(
    "OUTCOME_UNKNOWN",
    503,
    "Whether an earlier change of the prisoner was made is not known"
  )
  static let noUnknownOutcome = Refusal("noUnknownOutcome", 404, "No change whose outcome is unknown")
  static let noStuckMerge = Refusal("noStuckMerge", 404, "No such merge waits for a decision")
}

extension RestrictedPatientsError {
  var answer: (refusal: Refusal?, body: ErrorBody) {
    switch self {
    case .notFound(let number):
      missing(.notFound, "No restricted patient record found for prison number \(number)")
    case .noActivePrisoner(let number):
      missing(.noActivePrisoner, "No prisoner with activeFlag 'Y' found for \(number)")
    case .noSearchResult(let number):
      missing(.noSearchResult, "No prisoner search results returned for \(number)")
    case .noStuckMerge(let removed, let kept):
      missing(.noStuckMerge, "No stuck merge of \(removed) into \(kept)")
    case .existingPatient(let number):
      rule(.existingPatient, "Prisoner (\(number)) is already a restricted patient")
    case .noMovements(let number):
      rule(.noMovements, "Prisoner (\(number)) does not have the correct latest movements to migrate")
    case .multipleMovements(let number):
      rule(.multipleMovements, "Prisoner (\(number)) has multiple latest movements")
    case .notReleased(let number): rule(.notReleased, "Prisoner (\(number)) was not released")
    case .noFromAgency(let number):
      rule(
        .noFromAgency,
        "Prisoner (\(number)) does not have an agency id associated with the last movement"
      )
    case .dischargeTimeInvalid(let number):
      rule(.dischargeTimeInvalid, "Prisoner (\(number)) does not have a valid movement date/time")
    case .prisonUnchanged(let number, let prison):
      rule(.prisonUnchanged, "Prisoner (\(number)) already supported by \(prison)")
    case .prisonNotFound(let prison): rule(.prisonNotFound, "Prison \(prison) not found")
    case .resolutionImpossible(let choices):
      rule(
        .resolutionImpossible,
        "With the records as they are, the choices are: "
          + choices.joined(separator: ", ")
      )
    case .underWay(let number):
      later(.underWay, "Prisoner (\(number)) is being changed by another request", seconds: 5)
    case .outcomeUnknown(let number):
      later(
        .outcomeUnknown,
        "Whether prison API has made an earlier change of prisoner (\(number)) is not known",
        seconds: 30
      )
    case .noUnknownOutcome(let number):
      missing(.noUnknownOutcome, "No change of \(number) whose outcome is unknown")
    case .invalid(let reason):
      (.invalid, ErrorBody(.badRequest, kind: ErrorBody.validationFailure, reason))
    case .upstream(.refused(let answer)):
      (
        nil,
        ErrorBody(
          status: .internalServerError,
          errorCode: "UPSTREAM_ERROR",
          developerMessage: answer.text
        )
      )
    case .upstream(.noAnswer(let text, _, _)), .upstream(.unreadable(let text, _)):
      (nil, ErrorBody(.internalServerError, kind: ErrorBody.unexpectedError, text))
    }
  }

  private func missing(_ refusal: Refusal, _ text: String) -> (Refusal?, ErrorBody) {
    (refusal, ErrorBody(status: refusal.status, developerMessage: text))
  }

  /// What may be otherwise when it is asked for again.
  private func later(_ refusal: Refusal, _ message: String, seconds: Int) -> (Refusal?, ErrorBody) {
    let body = ErrorBody(
      status: .serviceUnavailable,
      errorCode: refusal.name,
      userMessage: message,
      developerMessage: message,
      retryAfter: seconds
    )
    return (refusal, body)
  }

  /// A business rule, whose name is its code on the wire.
  private func rule(_ refusal: Refusal, _ message: String) -> (Refusal?, ErrorBody) {
    let body = ErrorBody(
      status: refusal.status,
      errorCode: refusal.name,
      userMessage: message,
      developerMessage: "\(ErrorBody.validationFailure): \(message)"
    )
    return (refusal, body)
  }
}

extension RestrictedPatientsError: CustomStringConvertible {
  /// For logs: names no prisoner.
  var description: String {
    switch self {
    case .notFound: "no such record"
    case .noActivePrisoner: "no active prisoner"
    case .noSearchResult: "prisoner search does not know the prisoner"
    case .invalid(let reason): reason
    case .underWay: "another request is changing this prisoner"
    case .outcomeUnknown: "the outcome of an earlier change of this prisoner is unknown"
    case .noStuckMerge: "no such stuck merge"
    case .upstream(let failure): failure.description
    default: refusal?.name ?? "refused"
    }
  }
}

/// The module's error shape (docs/contract/restricted-patients.md §4): five keys, nulls written.
struct ErrorBody: ErrorShape {
  static let schema = APISchema.named(
    "ErrorResponse",
    .object([
      .init("status", .integer("The HTTP status", format: .int32)),
      .init("errorCode", .nullable(.text("What kind of error")), isRequired: false),
      .init("userMessage", .nullable(.text()), isRequired: false),
      .init("developerMessage", .nullable(.text()), isRequired: false),
      .init("moreInfo", .nullable(.text()), isRequired: false),
    ])
  )

  fileprivate static let validationFailure = "Validation failure"
  fileprivate static let unexpectedError = "Unexpected error"

  let status: HTTPResponse.Status
  let errorCode: String?
  let userMessage: String?
  let developerMessage: String?
  let retryAfter: Int?

  fileprivate init(
    status: HTTPResponse.Status,
    errorCode: String? = nil,
    userMessage: String? = nil,
    developerMessage: String? = nil,
    retryAfter: Int? = nil
  ) {
    self.status = status
    self.errorCode = errorCode
    self.userMessage = userMessage
    self.developerMessage = developerMessage
    self.retryAfter = retryAfter
  }

  /// An error whose kind is told in `userMessage`.
  fileprivate init(_ status: HTTPResponse.Status, kind: String, _ text: String) {
    self.init(status: status, userMessage: "\(kind): \(text)", developerMessage: text)
  }

  init(_ failure: PlatformFailure) {
    switch failure {
    case .accessDenied: self.init(status: failure.status)
    case .notFound, .missingBody, .unreadableBody, .parameterType, .parameterChoice:
      self.init(status: failure.status, developerMessage: failure.text)
    case .noRoute: self.init(failure.status, kind: "No resource found failure", failure.text)
    case .invalidBody(let violations):
      let first = violations.first.map { "\($0.field) \($0.message)" } ?? ""
      self.init(failure.status, kind: Self.validationFailure, first)
    case .unstorableText, .bodyTooLarge, .bodyTooSlow:
      self.init(failure.status, kind: Self.validationFailure, failure.text)
    case .methodNotAllowed, .unsupportedMediaType, .unavailable, .internalError:
      self.init(failure.status, kind: Self.unexpectedError, failure.text)
    }
  }

  func writeProperties(to writer: inout JSONWriter) {
    writer.field("status", Int64(status.code))
    writer.field("errorCode", errorCode)
    writer.field("userMessage", userMessage)
    writer.field("developerMessage", developerMessage)
    writer.field("moreInfo", nil as String?)
  }
}
