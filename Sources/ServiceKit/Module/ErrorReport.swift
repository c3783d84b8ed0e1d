internal import Logging
internal import Postgres
internal import SharedAuth

/// What an error that no module knows means: whether a retry may help, and what the log may hold of it.
struct ErrorReport {
  /// The cause is expected to pass within a second or so: 503 instead of 500.
  var isTemporary: Bool
  /// Something that came with the request cannot be stored or looked for: 400 instead of 500.
  var isUnstorable = false
  /// What happened: its description is fit for any level.
  let error: any Error
  /// Fit for any level.
  var metadata: Logger.Metadata
  /// May quote rows, so only for debug.
  var detail: String?

  init(_ error: any Error) {
    self.error = error
    if let error = error as? PostgresError {
      // PostgreSQL's texts may quote rows, so of its errors only the codes are fit for every log.
      isTemporary = error.isTemporary
      isUnstorable = error.isUnstorable
      metadata = [
        "kind": "\(error.kind)", "sqlState": "\(error.sqlState ?? "")",
        "constraint": "\(error.constraint ?? "")",
      ]
      detail = error.message
    } else {
      isTemporary = if case .keysUnavailable? = error as? TokenError { true } else { false }
      metadata = [:]
    }
  }
}
