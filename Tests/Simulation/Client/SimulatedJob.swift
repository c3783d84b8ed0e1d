internal import Postgres
internal import Time

/// One statement with its caller, who is told once.
final class SimulatedJob {
  enum Outcome {
    case rows(Any?)
    /// Nothing of it has been done, or the server has said so.
    case failed
    /// It was sent, and nobody knows.
    case unknown
  }

  let statement: ServerStatement
  let kind: StatementKind
  let deadline: MonotonicInstant
  /// Whether it is of the text forms, which are not prepared.
  let isText: Bool
  /// Its name in the machines of its pool.
  var id = StatementID.setUp
  private unowned let replica: Replica
  private var caller: ((Outcome) -> Void)?

  init(
    _ statement: ServerStatement,
    isText: Bool = false,
    before deadline: MonotonicInstant,
    on replica: Replica,
    _ caller: @escaping (Outcome) -> Void = { _ in }
  ) {
    (self.statement, self.isText, self.deadline) = (statement, isText, deadline)
    (self.replica, self.caller) = (replica, caller)
    kind = StatementKind(number: statement.shape)
  }

  /// Its caller goes on once the machine's actions are carried out.
  func finish(_ outcome: Outcome) {
    guard let caller else { return }
    self.caller = nil
    replica.soon { caller(outcome) }
  }
}
