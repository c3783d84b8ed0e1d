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
      // The only errors about a text itself: the rest is about the tables that it goes to.
      case .invalidText, .invalidParameter: .refused
      case .checkViolation, .foreignKeyViolation, .notNullViolation, .stringTooLong, .outOfRange:
        .misconfigured
      default: .unavailable
      }
    self.init(kind, "\(what): \(error)")
  }
}
