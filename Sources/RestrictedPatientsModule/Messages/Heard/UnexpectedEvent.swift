import Events

/// An event of no concern here.
struct UnexpectedEvent: BusEvent, Equatable {
  /// Nil where the message does not say.
  let type: String?
  /// Which queue had it: `domain` or `offender`.
  let kind: String
}
