/// How far somebody has read an ``EventFeed``: up to which row of the outbox, and which rows before it were not there
/// yet. A row takes its number before it is committed, so a lower number may turn up after a higher one; a number that
/// never turns up belongs to a change that was rolled back.
public struct FeedPosition: Equatable, Sendable, CustomStringConvertible {
  /// How far back a missing number is still looked for, in rows.
  static let patience: Int64 = 64

  let last: Int64
  /// In ascending order, each above `last - patience`.
  let missing: [Int64]

  init(last: Int64, missing: [Int64] = []) {
    self.last = last
    self.missing = missing
  }

  /// - Parameter text: a ``description``; nil for anything else.
  public init?(_ text: String) {
    let numbers = text.split(separator: ".", omittingEmptySubsequences: false).map { part in
      part.utf8.count <= 18 && part.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int64(part) : nil
    }
    guard let last = numbers.first.flatMap(\.self), numbers.count <= Int(Self.patience) + 1 else {
      return nil
    }
    let missing = numbers.dropFirst().compactMap(\.self)
    guard missing.count == numbers.count - 1, missing.allSatisfy({ $0 <= last }) else { return nil }
    self.init(last: last, missing: missing)
  }

  /// `105.98.101`: read up to 105, and 98 and 101 were not there.
  public var description: String { ([last] + missing).map(String.init).joined(separator: ".") }

  /// - Parameter ids: the rows that were found after this position, in ascending order.
  func advanced(over ids: [Int64]) -> FeedPosition {
    let found = Set(ids)
    let newest = max(last, ids.last ?? last)
    let oldest = newest - Self.patience
    let skipped = Array(max(last, oldest)..<newest).map { $0 + 1 }
    let stillMissing = (missing.filter { $0 > oldest } + skipped).filter { !found.contains($0) }
    return FeedPosition(last: newest, missing: stillMissing)
  }
}
