/// A bounded map that forgets what has not been asked for lately. Entries live in two halves: what is used moves to
/// the recent one, and when that is full the older one is dropped whole. Every operation takes constant time, and
/// what was used among the last `capacity / 2` entries is still there.
///
/// Inlinable, because it is asked with each request: its users compile it for their types.
public struct RecencyCache<Key: Hashable, Value> {
  @usableFromInline var recent: [Key: Value] = [:]
  @usableFromInline var older: [Key: Value] = [:]
  @usableFromInline let halfCapacity: Int

  /// - Parameter capacity: entries at most; at least 2.
  @inlinable public init(capacity: Int) { halfCapacity = max(1, capacity / 2) }

  @inlinable public var count: Int { recent.count + older.count }

  /// The value of a key, which counts as used now.
  @inlinable public mutating func value(for key: Key) -> Value? {
    if let value = recent[key] { return value }
    guard let place = older.index(forKey: key) else { return nil }
    // With the key that it was given: the one asked with may be part of something larger.
    let (kept, value) = older.remove(at: place)
    insert(value, for: kept)
    return value
  }

  @inlinable public mutating func insert(_ value: Value, for key: Key) {
    older.removeValue(forKey: key)
    if recent.count >= halfCapacity, recent[key] == nil {
      older = recent
      recent = [:]
    }
    recent[key] = value
  }

  @inlinable public mutating func remove(_ key: Key) {
    recent.removeValue(forKey: key)
    older.removeValue(forKey: key)
  }

  /// The first value, in no certain order, that meets a condition. Looks at all of them, and uses none.
  @inlinable public func first(where meets: (Value) -> Bool) -> Value? {
    recent.values.first(where: meets) ?? older.values.first(where: meets)
  }
}

extension RecencyCache: Sendable where Key: Sendable, Value: Sendable {}
