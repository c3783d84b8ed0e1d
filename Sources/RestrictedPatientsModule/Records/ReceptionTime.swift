internal import Time

/// When a prisoner was received into a prison, as far as the message says. A record of a later discharge is of a later stay
/// in hospital, and the reception does not end it.
enum ReceptionTime: Equatable, Sendable {
  case unknown
  /// On London's clocks.
  case local(LocalDateTime)
  case instant(Timestamp)
}
