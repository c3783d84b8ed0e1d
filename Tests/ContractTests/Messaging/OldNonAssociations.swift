import Synchronization

/// The non-associations service replaced, as far as its database and queue see it: it writes rows with its own SQL, and
/// carries out merges from its queue. It shares no code with the gateway.
final class OldNonAssociations: Sendable {
  private struct State {
    var created: Set<String> = []
    var refused = 0
    var merged: [String] = []
  }

  let turns = OldServiceTurns()
  private let database: TestDatabase
  private let client: any BrokerClient
  private let queue: String
  private let state = Mutex(State())

  init(_ database: TestDatabase, _ client: any BrokerClient, queue: String) {
    (self.database, self.client, self.queue) = (database, client, queue)
  }

  /// Pairs that it has opened, each as `first second`.
  var created: Set<String> { state.withLock(\.created) }
  /// Pairs that somebody else had opened.
  var refused: Int { state.withLock(\.refused) }
  /// The numbers that it has replaced, one for each message.
  var merged: [String] { state.withLock(\.merged) }

  /// Serves whenever it is told to, until it is ended.
  /// - Parameter pairs: those that it opens, over and over from the first that is left.
  func run(opening pairs: [(String, String)]) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        for (first, second) in pairs {
          guard try await self.turns.isUp() else { return }
          try await self.open(first, second)
        }
      }
      group.addTask {
        try await self.turns.hear(self.queue, self.client) { try await self.hear($0) }
      }
      try await group.waitForAll()
    }
  }

  private func open(_ first: String, _ second: String) async throws {
    // The gateway's unique index makes a statement fail that its own look-up let through.
    let id = try await database.row(
      """
      insert into non_association (first_prisoner_number, first_prisoner_role, second_prisoner_number,
        second_prisoner_role, reason, restriction_type, comment, authorised_by, updated_by)
      select '\(first)', 'VICTIM', '\(second)', 'PERPETRATOR', 'BULLYING', 'CELL', 'kept apart', 'OLD', 'OLD'
      where not exists (
        select from non_association where not is_closed and (first_prisoner_number, second_prisoner_number)
          in (('\(first)', '\(second)'), ('\(second)', '\(first)'))
      ) on conflict do nothing returning id
      """
    )
    state.withLock { state in
      if id.isEmpty { state.refused += 1 } else { state.created.insert("\(first) \(second)") }
    }
  }

  private func hear(_ message: JSON) async throws {
    let numbers = message["additionalInformation"]
    guard let old = numbers?["removedNomsNumber"]?.text, let new = numbers?["nomsNumber"]?.text else {
      return
    }
    try await database.run(
      """
      begin;
      update non_association set first_prisoner_number = '\(new)', updated_by = 'OLD', when_updated = now()
        where first_prisoner_number = '\(old)';
      update non_association set second_prisoner_number = '\(new)', updated_by = 'OLD', when_updated = now()
        where second_prisoner_number = '\(old)';
      commit
      """
    )
    state.withLock { $0.merged.append(old) }
  }
}
