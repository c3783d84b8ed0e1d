import EventLoops
internal import Time

/// One statement on its way: from its caller, through waiting and connections, to the one result its caller gets.
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
  /// When its caller gives up if it still waits for a place then.
  var waitDeadline: MonotonicInstant
  /// Set while the job's own deadline is watched by a timer of its own.
  var timer: ScheduledTimer?

  // What has happened to it so far; each cure is tried once.
  /// When it was first lost with its connection.
  var firstLoss: MonotonicInstant?
  /// How often it was lost on connections opened after that.
  var laterLosses = 0
  var wasHitByCancelOnce = false
  var wasPreparedAgain = false
  /// The server's name of the prepared statement it was last sent with.
  var serverName = ""
  /// Whether the server is to be told to stop it.
  var isCancelPlanned = false
  /// Whether the connection it was last sent on has told its outcome already: what follows is an echo.
  var isAnswered = false

  private var continuation: UnsafeContinuation<Answer, Never>?
  private(set) var isFinished = false

  init(
    _ statement: PostgresStatement,
    _ parameters: [PostgresValue] = [],
    form: Form = .prepared,
    deadline: MonotonicInstant,
    waitDeadline: MonotonicInstant = MonotonicInstant(nanoseconds: .max)
  ) {
    self.statement = statement
    self.parameters = parameters
    self.form = form
    self.deadline = deadline
    self.waitDeadline = waitDeadline
  }

  /// Who is to get the result. Set it before the job is submitted.
  func setCaller(_ continuation: UnsafeContinuation<Answer, Never>) { self.continuation = continuation }

  /// Ends the job for its caller; later outcomes are dropped.
  func finish(_ answer: Answer) {
    guard !isFinished else { return }
    isFinished = true
    timer?.cancel()
    timer = nil
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
