import HTTPTransport
import HTTPTypes
internal import JSON
import ServiceKit

/// The module's error shape (`restricted-patients.md` §4): five keys, nulls written.
struct ErrorBody {
  var status: HTTPResponse.Status
  var errorCode: String?
  var userMessage: String?
  var developerMessage: String?

  var response: ServerResponse {
    var writer = JSONWriter(capacity: 512)
    writer.beginObject()
    writer.field("status", Int64(status.code))
    writer.field("errorCode", errorCode)
    writer.field("userMessage", userMessage)
    writer.field("developerMessage", developerMessage)
    writer.field("moreInfo", nil as String?)
    writer.endObject()
    return ServerResponse(status: status, fields: [.contentType: "application/json"], body: writer.bytes)
  }
}

extension ErrorBody {
  /// An error that the reader of `userMessage` is told the kind of.
  private init(_ status: HTTPResponse.Status, kind: String, text: String) {
    self.init(status: status, userMessage: "\(kind): \(text)", developerMessage: text)
  }

  private static let validationFailure = "Validation failure"
  private static let unexpectedError = "Unexpected error"

  init(_ failure: PlatformFailure) {
    switch failure {
    case .noRoute(let path):
      self.init(
        .notFound,
        kind: "No resource found failure",
        text: "No static resource \(path) for request '/\(path)'."
      )
    case .notFound(let text): self.init(status: .notFound, developerMessage: text)
    case .methodNotAllowed(let method, _):
      self.init(
        .methodNotAllowed,
        kind: Self.unexpectedError,
        text: "Request method '\(method)' is not supported"
      )
    case .accessDenied: self.init(status: .forbidden)
    case .unsupportedMediaType(let type):
      self.init(
        .unsupportedMediaType,
        kind: Self.unexpectedError,
        text: "Content-Type '\(type)' is not supported"
      )
    case .missingBody:
      self.init(
        status: .badRequest,
        developerMessage: "Required request body is missing: a JSON value is expected"
      )
    case .unreadableBody(let reason):
      self.init(status: .badRequest, developerMessage: "JSON parse error: \(reason)")
    case .unstorableText:
      self.init(
        .badRequest,
        kind: Self.validationFailure,
        text: "A text holds a character that cannot be stored"
      )
    case .bodyTooLarge(let limit):
      self.init(
        .contentTooLarge,
        kind: Self.validationFailure,
        text: "Request body is larger than \(limit) bytes"
      )
    case .bodyTooSlow:
      self.init(.requestTimeout, kind: Self.validationFailure, text: "Request body came too slowly")
    case .parameterType(let name, let type):
      self.init(status: .badRequest, developerMessage: "Parameter \(name) must be of type \(type)")
    case .parameterChoice(let name, let allowed):
      self.init(
        status: .badRequest,
        developerMessage: "Parameter \(name) must be one of the following \(allowed.joined(separator: ", "))"
      )
    case .unavailable(let seconds):
      self.init(
        .serviceUnavailable,
        kind: Self.unexpectedError,
        text: "The service is too busy, try again in \(seconds) s"
      )
    case .internalError(let correlationID):
      self.init(
        .internalServerError,
        kind: Self.unexpectedError,
        text: "Internal error, correlation id \(correlationID)"
      )
    }
  }

  init(_ error: RestrictedPatientsError) {
    switch error {
    case .notFound(let number):
      self.init(
        status: .notFound,
        developerMessage: "No restricted patient record found for prison number \(number)"
      )
    case .noActivePrisoner(let number):
      self.init(
        status: .notFound,
        developerMessage: "No prisoner with activeFlag 'Y' found for \(number)"
      )
    case .noSearchResult(let number):
      self.init(
        status: .notFound,
        developerMessage: "No prisoner search results returned for \(number)"
      )
    case .rule(let rule):
      self.init(
        status: .badRequest,
        errorCode: rule.code,
        userMessage: rule.message,
        developerMessage: "\(Self.validationFailure): \(rule.message)"
      )
    case .invalid(let reason): self.init(.badRequest, kind: Self.validationFailure, text: reason)
    case .underWay(let number):
      let message = "Prisoner (\(number)) is being changed by another request"
      self.init(
        status: .conflict,
        errorCode: "CHANGE_UNDER_WAY",
        userMessage: message,
        developerMessage: "\(Self.validationFailure): \(message)"
      )
    case .noStuckMerge(let removed, let kept):
      self.init(status: .notFound, developerMessage: "No stuck merge of \(removed) into \(kept)")
    case .upstream(.refused(let answer)):
      self.init(
        status: .internalServerError,
        errorCode: "UPSTREAM_ERROR",
        developerMessage: answer.text
      )
    case .upstream(.noAnswer(let text, _, _)), .upstream(.unreadable(let text, _)):
      self.init(.internalServerError, kind: Self.unexpectedError, text: text)
    }
  }
}
