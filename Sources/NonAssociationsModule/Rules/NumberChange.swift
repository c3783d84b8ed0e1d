internal import Time

/// A prisoner's records going from one number to another (docs/contract/non-associations.md §11).
struct NumberChange: Equatable, Sendable {
  let old: String
  let new: String
  /// Only rows created from then on; nil for no bound.
  var from: Timestamp?
  /// Only rows created until then; nil for no bound.
  var until: Timestamp?
  /// When it happened, which is not always when it is heard of; nil if nobody can tell.
  var occurredAt: Timestamp?
  /// The event's type: why rows change.
  let cause: String
}
