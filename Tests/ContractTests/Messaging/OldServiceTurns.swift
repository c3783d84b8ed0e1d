import Synchronization
import TestKit
import Testing

/// When the stand-in of a service replaced may work: whenever it is told to serve, until it has ended.
final class OldServiceTurns: Sendable {
  private struct State {
    var isServing = true
    var hasEnded = false
  }

  private let state = Mutex(State())

  private var mustWait: Bool { state.withLock { !$0.isServing && !$0.hasEnded } }
  private var hasEnded: Bool { state.withLock(\.hasEnded) }

  func serve(_ isServing: Bool) { state.withLock { $0.isServing = isServing } }
  func end() { state.withLock { $0.hasEnded = true } }

  /// Waits until it may serve; false once it has ended.
  func isUp() async throws -> Bool {
    try await eventually("the old service may serve or end", within: .seconds(120)) { !mustWait }
    return !hasEnded
  }

  /// Takes what comes to a queue whenever it may serve, until it has ended.
  /// - Parameter handle: gets each message as it was published.
  func hear(
    _ queue: String,
    _ client: any BrokerClient,
    _ handle: (JSON) async throws -> Void
  ) async throws {
    while try await isUp() {
      var found: [FoundMessage] = []
      try await eventually("a message comes, or the turn ends", within: .seconds(120)) {
        found = try await client.take(from: queue)
        return !found.isEmpty || mustWait || hasEnded
      }
      for message in found {
        let envelope = try JSON(parsing: Array(message.body.utf8))
        try await handle(try JSON(parsing: Array((envelope["Message"]?.text ?? "").utf8)))
      }
    }
  }
}
