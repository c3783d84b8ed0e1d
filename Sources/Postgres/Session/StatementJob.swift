import EventLoops
internal import Time

/// One statement with its parameters, and the caller who is to get its one result. Where it is on its way, a machine
/// knows.
///
/// `@unchecked Sendable`: everything is touched on the loop of its pool alone; a cancellation handler on another
/// thread only carries the reference there.
final class StatementJob: @unchecked Sendable {
  enum Form {
    /// Prepared once on each connection.
    case prepared
    /// A single statement without parameters, sent as it is.
    case text
    /// Any number of statements without parameters, in the simple protocol.
    case script
  }

  typealias Answer = Result<PostgresRows, PostgresError>

  let statement: PostgresStatement
  let parameters: [PostgresValue]
  let form: Form
  /// When its caller gives up.
  let deadline: MonotonicInstant
  /// Its name in the machines of its pool.
  var id = StatementID.setUp

  private var continuation: UnsafeContinuation<Answer, Never>?
  private(set) var isFinished = false

  init(
    _ statement: PostgresStatement,
    _ parameters: [PostgresValue] = [],
    form: Form = .prepared,
    deadline: MonotonicInstant
  ) {
    self.statement = statement
    self.parameters = parameters
    self.form = form
    self.deadline = deadline
  }

  /// Who is to get the result. Set it before the job is submitted.
  func setCaller(_ continuation: UnsafeContinuation<Answer, Never>) { self.continuation = continuation }

  /// Ends the job for its caller; later outcomes are dropped.
  func finish(_ answer: Answer) {
    guard !isFinished else { return }
    isFinished = true
    let caller = continuation
    continuation = nil
    caller?.resume(returning: answer.mapError { $0.named(statement.name) })
  }
}

extension PostgresError {
  /// The same error, of the statement of this name.
  func named(_ statement: String) -> PostgresError {
    var error = self
    error.statement = error.statement ?? statement
    return error
  }
}
