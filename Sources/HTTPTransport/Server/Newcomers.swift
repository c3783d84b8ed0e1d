/// The connections of a loop, in a crowd, whose first request waits for its turn. While there are many, further clients
/// stay in the listener's backlog, where they keep their order, cost nothing, and are not turned away.
final class Newcomers {
  private static let many = 64

  private var waiting = 0

  var areMany: Bool { waiting >= Self.many }

  /// One waits for its turn, which `wait` does.
  func take(_ wait: () async -> Void) async {
    waiting += 1
    await wait()
    waiting -= 1
  }
}
