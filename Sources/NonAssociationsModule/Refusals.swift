import HTTPTypes
internal import JSON
import ServiceKit

/// What the rules of docs/contract/non-associations.md §6 and 7 refuse, and what prisoner search may do to a request. What
/// each answers stands beside it, in ``answer``.
enum NonAssociationsError: RefusingError, Equatable {
  /// No row has the id.
  case notFound(id: Int64)
  /// The row is closed already.
  case alreadyClosed(id: Int64)
  /// The row cannot be re-opened: it or another of its pair is open.
  case alreadyOpen(id: Int64)
  /// The pair has an open non-association, in whichever order; the numbers are in the order of the request.
  case openPairExists(first: String, second: String)
  /// These prisoners have no booking.
  case nullLocations([String])
  /// The token names no user.
  case noUserInContext
  /// The token's user name does not fit its column.
  case userNameTooLong(limit: Int)
  /// Neither open nor closed ones are wanted.
  case neitherOpenNorClosed
  /// More rows were asked for than a page may have.
  case pageTooLarge(limit: Int64)
  /// An order by something else than these properties of a non-association.
  case unknownSortField(known: [String])
  /// Fewer than two distinct prisoner numbers, to list what is between them.
  case tooFewPrisonersBetween
  /// No prisoner number, to list what involves it.
  case noPrisonersInvolved
  /// The prisoner number in the path is malformed, for this reason.
  case malformedPrisonerNumber(String)
  /// Prisoner search does not know these.
  case missingPrisoners([String])
  /// Prisoner search refused, or did not answer.
  case upstream(UpstreamFailure)
}

extension Refusal {
  static let notFound = Refusal("notFound", 404, "There is no such non-association")
  static let alreadyClosed = Refusal("alreadyClosed", 409, "The non-association is closed already")
  static let alreadyOpen = Refusal(
    "alreadyOpen",
    409,
    "The non-association is open already, or the prisoners have another open one"
  )
  static let openPairExists = Refusal(
    "openPairExists",
    409,
    "The prisoners have an open non-association already"
  )
  static let nullLocations = Refusal("nullLocations", 409, "A prisoner has no location")
  static let missingPrisoners = Refusal(
    "missingPrisoners",
    404,
    "Prisoner search does not know a prisoner"
  )
  static let noUserInContext = Refusal("noUserInContext", 401, "The token names no user")
  static let userNameTooLong = Refusal(
    "userNameTooLong",
    400,
    "The token's user name has more than 60 characters"
  )
  static let neitherOpenNorClosed = Refusal(
    "neitherOpenNorClosed",
    400,
    "Neither open nor closed non-associations are wanted"
  )
  static let pageTooLarge = Refusal("pageTooLarge", 400, "The page has more than 200 non-associations")
  static let unknownSortField = Refusal(
    "unknownSortField",
    400,
    "The order is by something that is no property of a non-association"
  )
  static let tooFewPrisonersBetween = Refusal(
    "tooFewPrisonersBetween",
    400,
    "There are fewer than two distinct prisoner numbers"
  )
  static let noPrisonersInvolved = Refusal("noPrisonersInvolved", 400, "There is no prisoner number")
  static let malformedPrisonerNumber = Refusal(
    "malformedPrisonerNumber",
    400,
    "The prisoner number is malformed"
  )
}

extension NonAssociationsError {
  var answer: (refusal: Refusal?, body: ErrorBody) {
    switch self {
    case .notFound(let id):
      refused(
        .notFound,
        "Non-association not found",
        "There is no non-association found for ID = \(id)",
        errorCode: 404
      )
    case .alreadyClosed(let id):
      refused(
        .alreadyClosed,
        "Already Closed Non-Association",
        "Non-association [ID=\(id)] already closed",
        errorCode: 100
      )
    case .alreadyOpen(let id):
      refused(
        .alreadyOpen,
        "Already Open Non-Association",
        "Non-association [ID=\(id)] already open",
        errorCode: 104
      )
    case .openPairExists(let first, let second):
      refused(
        .openPairExists,
        "Non-association already exists for these prisoners that is open",
        "Prisoners [\(first), \(second)] already have open non-associations",
        errorCode: 101
      )
    case .nullLocations(let numbers):
      refused(
        .nullLocations,
        "Non-association cannot be created when prisoner locations are null",
        "Prisoners [\(numbers.joined(separator: ", "))] have null locations",
        errorCode: 103
      )
    case .noUserInContext:
      refused(
        .noUserInContext,
        "User in context missing",
        "There is no user in context for this request",
        errorCode: 401
      )
    case .missingPrisoners(let numbers):
      refused(
        .missingPrisoners,
        "Missing prisoners",
        "Could not find the following prisoners: [\(numbers.joined(separator: ", "))]"
      )
    case .userNameTooLong(let limit):
      invalid(.userNameTooLong, "The token's user name must be a maximum of \(limit) characters")
    case .neitherOpenNorClosed:
      invalid(.neitherOpenNorClosed, "includeOpen and includeClosed cannot both be false")
    case .pageTooLarge(let limit): invalid(.pageTooLarge, "Page size must be \(limit) or less")
    case .unknownSortField(let names):
      invalid(
        .unknownSortField,
        "Parameter sort must name one of the following \(names.joined(separator: ", "))"
      )
    case .tooFewPrisonersBetween:
      invalid(.tooFewPrisonersBetween, "Two or more distinct prisoner numbers are required")
    case .noPrisonersInvolved:
      invalid(.noPrisonersInvolved, "One or more distinct prisoner numbers are required")
    case .malformedPrisonerNumber(let reason):
      invalid(.malformedPrisonerNumber, "getPrisonerNonAssociations.prisonerNumber: \(reason)")
    case .upstream(.refused(let answer)) where answer.code == 404:
      (nil, ErrorBody(.notFound, kind: "Not Found", answer.text))
    case .upstream(.refused(let answer)): (nil, .unexpected(answer.text))
    case .upstream(.noAnswer(let text, _, _)), .upstream(.unreadable(let text, _)):
      (nil, .unexpected(text))
    }
  }

  private func refused(
    _ refusal: Refusal,
    _ kind: String,
    _ text: String,
    errorCode: Int64? = nil
  ) -> (Refusal?, ErrorBody) {
    (refusal, ErrorBody(refusal.status, kind: kind, text, errorCode: errorCode))
  }

  private func invalid(_ refusal: Refusal, _ text: String) -> (Refusal?, ErrorBody) {
    refused(refusal, ErrorBody.validationFailure, text)
  }
}

/// The module's error shape (docs/contract/non-associations.md §6): five keys, nulls written.
struct ErrorBody: ErrorShape {
  static let schema = APISchema.named(
    "ErrorResponse",
    .object([
      .init("status", .integer("The HTTP status", format: .int32)), .init("userMessage", .text()),
      .init("developerMessage", .text()),
      .init(
        "errorCode",
        .nullable(.integer("What kind of error, where one status has several", format: .int32)),
        isRequired: false
      ),
      .init("moreInfo", .nullable(.text()), isRequired: false),
    ])
  )

  fileprivate static let validationFailure = "Validation failure"

  let status: HTTPResponse.Status
  /// What kind of error it is: stands before the text in `userMessage`, followed by a colon.
  private let kind: String?
  /// `developerMessage`.
  private let text: String
  private let errorCode: Int64?

  fileprivate init(
    _ status: HTTPResponse.Status,
    kind: String?,
    _ text: String,
    errorCode: Int64? = nil
  ) {
    (self.status, self.kind, self.text, self.errorCode) = (status, kind, text, errorCode)
  }

  init(_ failure: PlatformFailure) {
    let kind: String? =
      switch failure {
      case .noRoute: "No resource found"
      case .notFound: nil
      case .methodNotAllowed: "Method not allowed"
      case .accessDenied: "Forbidden"
      case .unsupportedMediaType: "\(Self.validationFailure): Request format not supported"
      case .missingBody, .unreadableBody: "\(Self.validationFailure): Couldn't read request body"
      case .invalidBody: "Validation Failure"
      case .unstorableText, .bodyTooLarge, .bodyTooSlow, .parameterType, .parameterChoice:
        Self.validationFailure
      case .unavailable: "Service unavailable"
      case .internalError: "Unexpected error"
      }
    let isInvalid = if case .invalidBody = failure { true } else { false }
    self.init(failure.status, kind: kind, failure.text, errorCode: isInvalid ? 102 : nil)
  }

  fileprivate static func unexpected(_ text: String) -> Self {
    Self(.internalServerError, kind: "Unexpected error", text)
  }

  func writeProperties(to writer: inout JSONWriter) {
    writer.field("status", Int64(status.code))
    writer.field("userMessage", kind.map { "\($0): \(text)" } ?? text)
    writer.field("developerMessage", text)
    writer.key("errorCode")
    if let errorCode { writer.value(errorCode) } else { writer.null() }
    writer.field("moreInfo", nil as String?)
  }
}
