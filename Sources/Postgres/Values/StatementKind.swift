internal import Synchronization

/// All statements of one name, numbered: what is learned of one is expected of the next, and a number is cheaper to look
/// up than a name.
package struct StatementKind: Hashable, Sendable {
  /// From 0, without gaps.
  package let number: Int

  private static let numbers = Mutex<[String: Int]>([:])

  /// - Parameter number: as the property.
  package init(number: Int) { self.number = number }

  /// - Parameter name: the statement's; there are as many as the program has.
  init(named name: String) {
    number = Self.numbers.withLock { numbers in
      if let known = numbers[name] { return known }
      let number = numbers.count
      numbers[name] = number
      return number
    }
  }
}
