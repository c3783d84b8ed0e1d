/// What can be wrong with a request before, or beside, any business rule. Each module gives these its own error shape
/// (`platform.md` §2); the two forms of 401 and the 406 have no body and are answered by `ModuleResponder` itself.
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
