internal import Time

/// What the lease machine knows of one of its sessions.
struct LeaseSession: Sendable, Equatable {
  enum State: Sendable, Equatable {
    /// Its first statement is not answered.
    case settingUp
    case idle(since: MonotonicInstant)
    case leased(LeaseMachine.LeaseID)
  }

  /// What is in flight: statements sent together, of which a caller waits for the last.
  struct Batch: Sendable, Equatable {
    let statements: [StatementID]
    let deadline: MonotonicInstant
    /// How many have been answered.
    var answered = 0
    var hasFailed = false
    var hasRows = false
    /// Whether its caller has been told, or is gone.
    var isOver = false

    /// The first that has no answer.
    var running: StatementID? { answered < statements.count ? statements[answered] : nil }
  }

  let number: SessionNumber
  let opened: MonotonicInstant
  let expiry: MonotonicInstant
  var state: State = .settingUp
  var server: ServerIdentity?
  /// It is closed at the end of its lease.
  var isRetired = false
  /// As ``isRetired``; and nothing more may be run on it.
  var isSpoilt = false
  var isLost = false
  var batch: Batch?

  init(_ number: SessionNumber, opened: MonotonicInstant, expiry: MonotonicInstant) {
    self.number = number
    self.opened = opened
    self.expiry = expiry
  }
}
