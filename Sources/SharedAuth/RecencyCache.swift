/// A bounded map that forgets what has not been asked for lately. Entries live in two halves: what is used moves to
/// the recent one, and when that is full the older one is dropped whole. Every operation takes constant time, and
/// what was used among the last `capacity / 2` entries is still there.
struct RecencyCache<Key: Hashable, Value> {
  private var recent: [Key: Value] = [:]
  private var older: [Key: Value] = [:]
  private let halfCapacity: Int

  /// - Parameter capacity: entries at most; at least 2.
  init(capacity: Int) { halfCapacity = max(1, capacity / 2) }

  var count: Int { recent.count + older.count }

  mutating func value(for key: Key) -> Value? {
    if let value = recent[key] { return value }
    guard let value = older.removeValue(forKey: key) else { return nil }
    insert(value, for: key)
    return value
  }

  mutating func insert(_ value: Value, for key: Key) {
    older.removeValue(forKey: key)
    if recent.count >= halfCapacity, recent[key] == nil {
      older = recent
      recent = [:]
    }
    recent[key] = value
  }

  mutating func remove(_ key: Key) {
    recent.removeValue(forKey: key)
    older.removeValue(forKey: key)
  }

  /// The key of the first entry, in no certain order, that meets a condition. Looks at all of them.
  func firstKey(where meets: (Value) -> Bool) -> Key? {
    recent.first { meets($0.value) }?.key ?? older.first { meets($0.value) }?.key
  }
}
