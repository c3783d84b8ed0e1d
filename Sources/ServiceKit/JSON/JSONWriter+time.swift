public import JSON
public import Time

extension JSONWriter {
  /// In the contract's form (docs/contract/non-associations.md §4.2).
  public mutating func value(_ value: LocalDateTime) {
    string(room: LocalDateTime.longestText) { value.write(to: &$0, at: $1) }
  }

  /// A key and its time; `null` for nil.
  public mutating func field(_ key: StaticString, _ value: LocalDateTime?) {
    self.key(key)
    if let value { self.value(value) } else { null() }
  }
}
