internal import Postgres
internal import Time

/// One statement as the server gets it.
struct ServerStatement {
  enum Ran {
    case rows(Any?)
    /// Another transaction holds a lock that it needs.
    case waiting
    case failed
  }

  /// From here on a statement is slow.
  static let slowLimit = Duration.milliseconds(20)

  /// Which asking it is: the answer names it, so that whoever gets it can tell whether it is theirs.
  let token: Int
  /// Which text it is, for what is prepared.
  let shape: Int
  let duration: Duration
  var isWrite = false
  let run: (ModelBackend) -> Ran

  var isSlow: Bool { duration > Self.slowLimit }
}

/// What a client sends on a connection, in order.
enum ServerFrame {
  case flush
  case sync
  case prepare(shape: Int, serial: UInt32)
  /// - serial: 0 for a statement that was not prepared.
  case execute(ServerStatement, serial: UInt32)
}

/// What the server sends on a connection, in order.
struct ServerAnswer {
  enum Trouble { case cancelled, readOnly, other }

  let answer: SessionMachine.Answer
  /// Of the statement that was run.
  var token: Int?
  var value: Any?
  var trouble: Trouble?
  /// After a sync: whether no transaction is open.
  var isIdle = true
}
