public import HTTPTypes
public import JSON

/// What can be wrong with a request before, or beside, any business rule. Each module gives these its own error shape
/// (docs/contract/platform.md §2); the two forms of 401 and the 406 have no body and are answered by `ModuleResponder`
/// itself.
public enum PlatformFailure: Error, Equatable, Sendable {
  /// 404: no route. The path is decoded, without its leading slash.
  case noRoute(path: String)
  /// 404: something that the path names is not there, with a text that says what.
  case notFound(String)
  /// 405: the path is known, the method is not. `allow` lists what is.
  case methodNotAllowed(method: String, allow: [String])
  /// 403: the role or the scope is missing.
  case accessDenied
  /// 415: the `Content-Type` as it was sent, or `application/octet-stream` for a body without one.
  case unsupportedMediaType(String)
  /// 400: a body is required.
  case missingBody
  /// 400: the body is not the JSON that is wanted; the text names the property and quotes no values.
  case unreadableBody(String)
  /// 400: every rule that properties of the body break, at least one.
  case invalidBody([FieldViolation])
  /// 400: a text of the request, or of its token, that the database has no place for.
  case unstorableText
  /// 413: more than `limit` bytes.
  case bodyTooLarge(limit: Int)
  /// 408: the body came too slowly.
  case bodyTooSlow
  /// 400: a path or query parameter is not of its type (named as the contract does: `long`, `boolean`).
  case parameterType(name: String, type: String)
  /// 400: a query parameter is not one of the allowed names.
  case parameterChoice(name: String, allowed: [String])
  /// 503 with `Retry-After` in seconds: what keeps the database from its work passes, or there are no keys to check a
  /// token with.
  case unavailable(retryAfter: Int)
  /// 500: anything else. The cause is in the log under the correlation id, and only there.
  case internalError(correlationID: String)
}

extension PlatformFailure {
  /// The status of its answer.
  public var status: HTTPResponse.Status {
    switch self {
    case .noRoute, .notFound: .notFound
    case .methodNotAllowed: .methodNotAllowed
    case .accessDenied: .forbidden
    case .unsupportedMediaType: .unsupportedMediaType
    case .missingBody, .unreadableBody, .invalidBody, .unstorableText, .parameterType, .parameterChoice:
      .badRequest
    case .bodyTooLarge: .contentTooLarge
    case .bodyTooSlow: .requestTimeout
    case .unavailable: .serviceUnavailable
    case .internalError: .internalServerError
    }
  }

  /// What it says, in the words that callers of the services replaced know.
  public var text: String {
    switch self {
    case .noRoute(let path): "No static resource \(path) for request '/\(path)'."
    case .notFound(let text): text
    case .methodNotAllowed(let method, _): "Request method '\(method)' is not supported"
    case .accessDenied: "Access Denied"
    case .unsupportedMediaType(let type): "Content-Type '\(type)' is not supported"
    case .missingBody: "Required request body is missing: a JSON value is expected"
    case .unreadableBody(let reason): "JSON parse error: \(reason)"
    case .invalidBody(let violations):
      violations.map { "\($0.field): \($0.message)" }.joined(separator: "; ")
    case .unstorableText: "A text holds a character that cannot be stored"
    case .bodyTooLarge(let limit): "Request body is larger than \(limit) bytes"
    case .bodyTooSlow: "Request body came too slowly"
    case .parameterType(let name, let type): "Parameter \(name) must be of type \(type)"
    case .parameterChoice(let name, let allowed):
      "Parameter \(name) must be one of the following \(allowed.joined(separator: ", "))"
    case .unavailable(let seconds): "The service is too busy, try again in \(seconds) s"
    case .internalError(let correlationID): "Internal error, correlation id \(correlationID)"
    }
  }

  /// A body that is not the JSON that is wanted: the one place where JSON's errors become answers.
  public init(_ error: JSONObjectError) { self = error.isNull ? .missingBody : .unreadableBody(error.reason) }
}
