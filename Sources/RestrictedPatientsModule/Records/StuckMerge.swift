internal import Time

/// A merge whose message fails until a person has decided.
struct StuckMerge: Equatable, Sendable {
  var removedNumber: String
  var keptNumber: String
  var records: MergedRecords
  var firstSeen: LocalDateTime
  var lastSeen: LocalDateTime
  /// How often its message was delivered.
  var deliveries: Int64
}
