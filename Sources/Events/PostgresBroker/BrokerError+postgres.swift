internal import Postgres

extension BrokerError {
  /// What went wrong in the database, in a broker's terms. The text holds no data of rows.
  init(_ error: any Error, doing what: String) {
    if let error = error as? BrokerError {
      self = error
      return
    }
    guard let error = error as? PostgresError else {
      self.init(.unavailable, "\(what): \(error)")
      return
    }
    let kind: Kind =
      switch error.kind {
      case .checkViolation, .foreignKeyViolation, .notNullViolation, .invalidText, .stringTooLong,
        .outOfRange, .invalidParameter:
        .refused
      default: .unavailable
      }
    self.init(kind, "\(what): \(error)")
  }
}
