package import Time

extension LeaseMachine {
  /// Names the time for which one caller has a session; never given twice.
  package typealias LeaseID = UInt64
  /// Names a caller that wants a session; never given twice.
  package typealias WaiterID = UInt64

  /// How many sessions and callers there may be, and how long either lasts.
  package struct Settings: Sendable, Equatable {
    /// Sessions at most.
    var sessions: Int
    /// Callers that wait for one.
    var maximumWaiting: Int
    /// How long a caller waits.
    var leaseTimeout: Duration
    /// How long a session may lie idle.
    var idleTimeout: Duration

    /// - Parameters: as the properties.
    package init(sessions: Int, maximumWaiting: Int, leaseTimeout: Duration, idleTimeout: Duration) {
      self.sessions = sessions
      self.maximumWaiting = maximumWaiting
      self.leaseTimeout = leaseTimeout
      self.idleTimeout = idleTimeout
    }
  }

  /// What has happened.
  package enum Event: Sendable, Equatable {
    case requested(WaiterID, deadline: MonotonicInstant)
    /// Its caller waits no longer.
    case waiterGone(WaiterID)
    case opened(SessionNumber, expiry: MonotonicInstant)
    /// `isAway`: the database is known to be unreachable.
    case openFailed(isAway: Bool)
    /// Which server a session is with.
    case identified(SessionNumber, ServerIdentity)
    /// Which server new connections reach.
    case serverIs(ServerIdentity)
    /// The server may no longer be the one to ask.
    case serverSuspected(before: MonotonicInstant)
    /// The last of these statements is asked for; the others go before it in one batch with it.
    case run(LeaseID, [StatementID], isScript: Bool, deadline: MonotonicInstant)
    /// The caller of the statement that runs has gone.
    case abandoned(LeaseID)
    case answered(SessionNumber, StatementID, Answer)
    case synchronised(SessionNumber)
    case lost(SessionNumber, isServerEnding: Bool)
    /// The state of its session is no longer what the next caller may find.
    case spoilt(LeaseID)
    /// `isClean`: nothing is in flight, and no transaction is open.
    case returned(LeaseID, isClean: Bool)
    case timePassed
    case close
  }

  /// What the server says of a statement.
  package enum Answer: Sendable, Equatable {
    case rows
    /// 25006: a write where only reads are allowed.
    case readOnly
    case planChanged
    case failed
    case notRun
  }

  /// Why a caller gets no session.
  package enum Refusal: Sendable, Equatable {
    /// None came free in time.
    case noPlace
    case tooManyWait
    /// The database cannot be reached.
    case away
    case closed
  }

  /// Why a statement gets no answer of its own.
  package enum Outcome: Sendable, Equatable {
    /// The rows that were kept.
    case rows
    /// The error that was kept, of it or of one that went before it.
    case failed
    case skipped
    case timedOut
    case lost
    case refused(Obstacle)
  }

  /// Why no statement can be run on a lease.
  package enum Obstacle: Sendable, Equatable {
    case hasEnded
    case isLost
    case isBusy
    case isSpoilt
  }

  /// What to do next.
  package enum Action: Sendable, Equatable {
    case open
    /// A session's first statement, a batch of its own.
    case setUp(SessionNumber)
    case lend(LeaseID, SessionNumber, to: WaiterID)
    case refuse(WaiterID, Refusal)
    case execute(SessionNumber, StatementID)
    case endBatch(SessionNumber)
    /// What was just answered may be what the caller gets.
    case keep(SessionNumber)
    case tell(StatementID, Outcome, SessionNumber?)
    case prepareAgain(SessionNumber)
    case cancel(SessionNumber, StatementID)
    case close(SessionNumber)
    case suspectServer
    case wake(at: MonotonicInstant)
  }
}
