package import Time

extension ReadPipelineMachine {
  /// How many sessions and statements there may be, and how long statements wait.
  package struct Settings: Sendable, Equatable {
    /// Sessions at most; at least two, so that one slow statement leaves another.
    var sessions: Int
    /// Statements sent on one session and not yet answered.
    var maximumInFlight: Int
    /// Statements that wait for a place.
    var maximumWaiting: Int
    /// How long a statement waits for a place.
    var leaseTimeout: Duration

    /// - Parameters: as the properties.
    package init(sessions: Int, maximumInFlight: Int, maximumWaiting: Int, leaseTimeout: Duration) {
      self.sessions = sessions
      self.maximumInFlight = maximumInFlight
      self.maximumWaiting = maximumWaiting
      self.leaseTimeout = leaseTimeout
    }
  }

  /// What has happened.
  package enum Event: Sendable, Equatable {
    case submitted(StatementID, StatementKind, deadline: MonotonicInstant)
    /// Its caller has gone.
    case abandoned(StatementID)
    /// All that was asked for in this turn of the loop is known.
    case turnEnded
    case answered(SessionNumber, StatementID, Answer)
    /// All that had arrived has been told.
    case drained(SessionNumber)
    case cancelEnded(SessionNumber)
    case lost(SessionNumber, Loss)
    case opened(SessionNumber, expiry: MonotonicInstant)
    /// `isAway`: the database is known to be unreachable.
    case openFailed(isAway: Bool)
    /// Which server a session is with.
    case identified(SessionNumber, ServerIdentity)
    /// Which server new connections reach.
    case serverIs(ServerIdentity)
    /// The server may no longer be the one to ask.
    case serverSuspected(before: MonotonicInstant)
    case timePassed
    case close
  }

  /// What the server says of a statement.
  package enum Answer: Sendable, Equatable {
    case rows
    /// Tables have changed, or the server has forgotten the statement: preparing it again is the cure.
    case planChanged
    /// Somebody has stopped it.
    case cancelled
    case failed
    /// Something before it in its batch failed.
    case notRun
  }

  /// How a session came to its end.
  package enum Loss: Sendable, Equatable {
    case broken
    /// An operator ended it, or the server stops.
    case ended
  }

  /// Why a statement gets no answer.
  package enum Refusal: Sendable, Equatable {
    case timedOut
    /// No place came free in time.
    case noPlace
    case tooManyWait
    /// The database cannot be reached.
    case away
    /// Its session was lost once too often.
    case lost
    case closed
  }

  /// What to do next.
  package enum Action: Sendable, Equatable {
    /// Tell of the end of this turn.
    case planTurnEnd
    case open
    /// A session's first statement, a batch of its own.
    case setUp(SessionNumber)
    /// `isAfterFlush`: the answers of what was sent before must not wait for it.
    case execute(SessionNumber, StatementID, isAfterFlush: Bool)
    case endBatch(SessionNumber)
    /// What has just been answered is its answer or failure.
    case tell(StatementID)
    case refuse(StatementID, Refusal)
    case prepareAgain(SessionNumber)
    /// Has the server stop what nobody waits for, or what is to make room.
    case cancel(SessionNumber, StatementID)
    case close(SessionNumber)
    case suspectServer
    case wake(at: MonotonicInstant)
  }
}
