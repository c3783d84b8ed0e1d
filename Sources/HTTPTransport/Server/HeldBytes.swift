internal import EventLoops

/// How much memory the connections of a loop hold while they wait for their clients: unfinished heads, and answers that
/// are not taken, with what the system keeps of those.
final class HeldBytes {
  /// What the system is taken to keep for a client that does not take its answer.
  static let systemShare = 65_536
  /// Less than this, kept by the system for an idle connection, is on its way rather than left lying.
  static let worthCounting = 4096

  private(set) var total = 0
  private let limit: Int
  /// Whether so many connections are open that idle ones keep no memory for their next request.
  var isCrowded = false
  /// What to do when it is too much.
  var onExcess: () -> Void = {}
  private var wasMuch = false

  init(limit: Int) { self.limit = limit }

  var isTooMuch: Bool { total > limit }
  /// Whether there is room again, and some to spare.
  var isRelieved: Bool { total <= limit / 4 * 3 }

  /// One connection holds so much more, or less.
  func add(_ count: Int) {
    total += count
    if total > limit / 4 { wasMuch = true }
    if count > 0, isTooMuch { onExcess() }
    if wasMuch, total < limit / 16 {
      wasMuch = false
      FreedMemory.giveBack()
    }
  }
}
