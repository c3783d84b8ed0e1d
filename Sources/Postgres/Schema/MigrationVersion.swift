/// A version as Flyway reads it: numbers with dots or underscores between; leading zeros of a number and trailing
/// zero numbers do not count.
struct MigrationVersion: Hashable, Comparable {
  private let numbers: [Int]

  /// nil for a text that is no version.
  init?(_ text: String) {
    var numbers: [Int] = []
    for part in text.split(omittingEmptySubsequences: false, whereSeparator: { $0 == "." || $0 == "_" }) {
      guard !part.isEmpty, part.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let number = Int(part) else {
        return nil
      }
      numbers.append(number)
    }
    while numbers.count > 1, numbers.last == 0 { numbers.removeLast() }
    self.numbers = numbers
  }

  static func < (left: Self, right: Self) -> Bool { left.numbers.lexicographicallyPrecedes(right.numbers) }
}
