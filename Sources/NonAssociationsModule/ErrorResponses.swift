import HTTPTransport
import HTTPTypes
internal import JSON
import ServiceKit

/// The module's error shape (`non-associations.md` §6): five keys, nulls written.
struct ErrorBody {
  var status: HTTPResponse.Status
  /// What kind of error it is: stands before the text in `userMessage`, followed by a colon.
  var kind: String?
  /// `developerMessage`.
  var text: String
  var errorCode: Int64?

  var response: ServerResponse {
    var writer = JSONWriter(capacity: 512)
    writer.beginObject()
    writer.field("status", Int64(status.code))
    writer.field("userMessage", kind.map { "\($0): \(text)" } ?? text)
    writer.field("developerMessage", text)
    writer.key("errorCode")
    if let errorCode { writer.value(errorCode) } else { writer.null() }
    writer.field("moreInfo", nil as String?)
    writer.endObject()
    return ServerResponse(status: status, fields: [.contentType: "application/json"], body: writer.bytes)
  }
}

extension ErrorBody {
  private static let validationFailure = "Validation failure"

  init(_ failure: PlatformFailure) {
    switch failure {
    case .noRoute(let path):
      self.init(
        status: .notFound,
        kind: "No resource found",
        text: "No static resource \(path) for request '/\(path)'."
      )
    case .notFound(let text): self.init(status: .notFound, text: text)
    case .methodNotAllowed(let method, _):
      self.init(
        status: .methodNotAllowed,
        kind: "Method not allowed",
        text: "Request method '\(method)' is not supported"
      )
    case .accessDenied: self.init(status: .forbidden, kind: "Forbidden", text: "Access Denied")
    case .unsupportedMediaType(let type):
      self.init(
        status: .unsupportedMediaType,
        kind: "\(Self.validationFailure): Request format not supported",
        text: "Content-Type '\(type)' is not supported"
      )
    case .missingBody:
      self.init(
        status: .badRequest,
        kind: "\(Self.validationFailure): Couldn't read request body",
        text: "Required request body is missing: a JSON value is expected"
      )
    case .unreadableBody(let reason):
      self.init(
        status: .badRequest,
        kind: "\(Self.validationFailure): Couldn't read request body",
        text: "JSON parse error: \(reason)"
      )
    case .unstorableText:
      self.init(
        status: .badRequest,
        kind: Self.validationFailure,
        text: "A text holds a character that cannot be stored"
      )
    case .bodyTooLarge(let limit):
      self.init(
        status: .contentTooLarge,
        kind: Self.validationFailure,
        text: "Request body is larger than \(limit) bytes"
      )
    case .bodyTooSlow:
      self.init(status: .requestTimeout, kind: Self.validationFailure, text: "Request body came too slowly")
    case .parameterType(let name, let type):
      self.init(
        status: .badRequest,
        kind: Self.validationFailure,
        text: "Parameter \(name) must be of type \(type)"
      )
    case .parameterChoice(let name, let allowed):
      self.init(
        status: .badRequest,
        kind: Self.validationFailure,
        text: "Parameter \(name) must be one of the following \(allowed.joined(separator: ", "))"
      )
    case .unavailable(let seconds):
      self.init(
        status: .serviceUnavailable,
        kind: "Service unavailable",
        text: "The service is too busy, try again in \(seconds) s"
      )
    case .internalError(let correlationID):
      self.init(
        status: .internalServerError,
        kind: "Unexpected error",
        text: "Internal error, correlation id \(correlationID)"
      )
    }
  }

  private init(invalid text: String) {
    self.init(status: .badRequest, kind: Self.validationFailure, text: text)
  }

  init(_ error: NonAssociationsError) {
    switch error {
    case .notFound(let id):
      self.init(
        status: .notFound,
        kind: "Non-association not found",
        text: "There is no non-association found for ID = \(id)",
        errorCode: 404
      )
    case .alreadyClosed(let id):
      self.init(
        status: .conflict,
        kind: "Already Closed Non-Association",
        text: "Non-association [ID=\(id)] already closed",
        errorCode: 100
      )
    case .alreadyOpen(let id):
      self.init(
        status: .conflict,
        kind: "Already Open Non-Association",
        text: "Non-association [ID=\(id)] already open",
        errorCode: 104
      )
    case .openPairExists(let first, let second):
      self.init(
        status: .conflict,
        kind: "Non-association already exists for these prisoners that is open",
        text: "Prisoners [\(first), \(second)] already have open non-associations",
        errorCode: 101
      )
    case .nullLocations(let numbers):
      self.init(
        status: .conflict,
        kind: "Non-association cannot be created when prisoner locations are null",
        text: "Prisoners [\(numbers.joined(separator: ", "))] have null locations",
        errorCode: 103
      )
    case .noUserInContext:
      self.init(
        status: .unauthorized,
        kind: "User in context missing",
        text: "There is no user in context for this request",
        errorCode: 401
      )
    case .userNameTooLong(let limit):
      self.init(invalid: "The token's user name must be a maximum of \(limit) characters")
    case .invalidBody(let violations):
      self.init(
        status: .badRequest,
        kind: "Validation Failure",
        text: violations.map { "\($0.field): \($0.message)" }.joined(separator: "; "),
        errorCode: 102
      )
    case .neitherOpenNorClosed: self.init(invalid: "includeOpen and includeClosed cannot both be false")
    case .pageTooLarge(let limit): self.init(invalid: "Page size must be \(limit) or less")
    case .unknownSortField:
      let fields = SortOrder.Field.allCases.map(\.rawValue).joined(separator: ", ")
      self.init(invalid: "Parameter sort must name one of the following \(fields)")
    case .tooFewPrisonersBetween:
      self.init(invalid: "Two or more distinct prisoner numbers are required")
    case .noPrisonersInvolved:
      self.init(invalid: "One or more distinct prisoner numbers are required")
    case .malformedPrisonerNumber:
      self.init(
        invalid: "getPrisonerNonAssociations.prisonerNumber: \(PrisonerNumber.formatMessage)"
      )
    case .missingPrisoners(let numbers):
      self.init(
        status: .notFound,
        kind: "Missing prisoners",
        text: "Could not find the following prisoners: [\(numbers.joined(separator: ", "))]"
      )
    case .searchRefused(let code, let reason):
      // Only the path: the host is nobody's business outside (non-associations.md §14.9).
      let text = "\(code)\(reason.isEmpty ? "" : " " + reason) from POST \(PrisonerSearchClient.path)"
      self =
        code == 404
        ? ErrorBody(status: .notFound, kind: "Not Found", text: text)
        : ErrorBody(status: .internalServerError, kind: "Unexpected error", text: text)
    case .searchFailed(let text, _):
      self.init(status: .internalServerError, kind: "Unexpected error", text: text)
    }
  }
}
