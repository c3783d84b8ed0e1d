import Concurrency
import Testing

@Suite struct RecencyCacheTests {
  @Test("What is used stays, what is not goes")
  func recency() {
    var cache = RecencyCache<Int, Int>(capacity: 10)
    for key in 0..<1000 {
      cache.insert(key, for: key)
      #expect(cache.value(for: 0) == 0)
      #expect(cache.count <= 10)
    }
    #expect(cache.value(for: 999) == 999)
    #expect(cache.value(for: 500) == nil)
    cache.remove(0)
    #expect(cache.value(for: 0) == nil)
    cache.insert(1, for: 999)
    cache.insert(2, for: 999)
    #expect(cache.value(for: 999) == 2)
    #expect(cache.first { $0 == 2 } == 2)
    #expect(cache.first { $0 == 1 } == nil)
  }

  private final class Key: Hashable {
    let number: Int
    init(_ number: Int) { self.number = number }
    static func == (left: Key, right: Key) -> Bool { left.number == right.number }
    func hash(into hasher: inout Hasher) { hasher.combine(number) }
  }

  @Test("An entry keeps the key that it was given, not the one that it is asked for by")
  func keys() {
    var cache = RecencyCache<Key, Int>(capacity: 2)
    for number in [1, 2] { cache.insert(number, for: Key(number)) }
    weak var asked: Key?
    do {
      let key = Key(1)
      asked = key
      // It moves from the older half to the recent one.
      #expect(cache.value(for: key) == 1)
    }
    #expect(asked == nil)
    #expect(cache.value(for: Key(1)) == 1)
  }
}
