public import Time

extension LocalDateTime {
  /// What a statement gets for a `timestamp`: as the database keeps it, to the microsecond, and its year 0 as PostgreSQL
  /// says it, which counts from 1 BC to AD 1.
  public var storedText: String {
    let text = rounded.text
    return text.hasPrefix("0000") ? "0001\(text.dropFirst(4)) BC" : text
  }
}
