public import JSON
public import Time

extension JSONObject {
  /// A local date-time in a form of docs/contract/non-associations.md §4.2; nil when it is `null`, absent, blank or an
  /// empty array.
  public func optionalDateTime(_ name: String) throws(JSONObjectError) -> LocalDateTime? {
    switch self[name] {
    case nil: return nil
    case .string(let text):
      if LocalDateTime.isBlank(text) { return nil }
      if let value = LocalDateTime(contractText: text) { return value }
    case .array(let elements):
      if elements.isEmpty { return nil }
      if let value = LocalDateTime(contractArray: elements) { return value }
    default: break
    }
    throw JSONObjectError(
      property: name,
      "must be a local date-time such as 2023-06-07T10:30:00, without an offset"
    )
  }

  /// An instant: a date-time with its offset, or seconds since 1970 as a number, perhaps with a fraction
  /// (docs/contract/non-associations.md §11); to the microsecond. Nil for anything else.
  public func instant(_ name: String) -> Timestamp? {
    switch self[name] {
    case .string(let text): Timestamp(offsetText: text)
    case .number(let text): Double(text).flatMap { Timestamp(epochSeconds: $0) }
    default: nil
    }
  }
}

extension Timestamp {
  /// The end of the year 9999, after which no date-time has a text.
  private static let lastSecond = 253_402_300_799.0

  fileprivate init?(epochSeconds: Double) {
    guard abs(epochSeconds) <= Self.lastSecond else { return nil }
    self.init(microseconds: Int64((epochSeconds * 1_000_000).rounded()))
  }
}

extension LocalDateTime {
  /// `[year, month, day, hour, minute]`, then perhaps seconds, then perhaps nanoseconds: all integers.
  init?(contractArray elements: [JSONValue]) {
    guard (5...7).contains(elements.count) else { return nil }
    var parts: [Int] = []
    for element in elements {
      guard case .number(let text) = element, let part = Int(text) else { return nil }
      parts.append(part)
    }
    self.init(
      year: parts[0],
      month: parts[1],
      day: parts[2],
      hour: parts[3],
      minute: parts[4],
      second: parts.count > 5 ? parts[5] : 0,
      nanosecond: parts.count > 6 ? parts[6] : 0
    )
  }
}
