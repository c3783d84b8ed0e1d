package import JSON

extension JSONWriter {
  /// A key and a list of texts.
  package mutating func field(_ key: StaticString, _ values: [String]) {
    self.key(key)
    beginArray()
    for value in values { self.value(value) }
    endArray()
  }

  /// A key and its value; nothing if there is none. The services for which the doubles stand leave out members without a
  /// value, and their callers tell one that is left out from null (docs/contract/upstreams.md §5.1).
  package mutating func fieldIfPresent(_ key: StaticString, _ value: String?) {
    if let value { field(key, value) }
  }
}
