package import Time

extension SessionMachine {
  /// How a statement is sent.
  package enum Form: Sendable, Equatable {
    /// Prepared once on each session.
    case prepared(shape: Int)
    /// With parameters, for this one use.
    case once
    /// A single statement without parameters.
    case text
    /// Any number of statements without parameters, in the simple protocol, on a session with nothing in flight.
    case script
  }

  /// What has happened.
  package enum Event: Sendable, Equatable {
    /// `isAfterFlush`: answers of what was sent before must not wait for it.
    case send(StatementID, Form, isAfterFlush: Bool)
    /// What was sent since the last one is a batch.
    case endBatch
    /// The next of libpq's results.
    case result(Answer)
    /// libpq has no further result of what is first in flight.
    case noResult
    /// Nobody waits for a statement any more, and it is to be stopped.
    case cancel(StatementID)
    /// The request to stop has reached the server, or never will.
    case cancelSent
    case timePassed
    /// Tables have changed, or the server has forgotten a statement: all are to be prepared again before their next use.
    case plansChanged
    /// The socket or libpq failed.
    case broken
    case close
  }

  /// What libpq's result says.
  package enum Answer: Sendable, Equatable {
    case rows
    case failed(Failure)
    /// The server skipped it, because something before it in its batch failed.
    case skipped
    case synchronised
    case copy
    /// A result that should not be.
    case unknown

    var outcome: Outcome {
      switch self {
      case .rows: .rows
      case .skipped: .notRun
      case .failed, .synchronised, .copy, .unknown: .failed
      }
    }
  }

  /// What the server says of a statement that failed.
  package enum Failure: Sendable, Equatable {
    /// The session is over.
    case endsSession
    /// 26000: it was never prepared, or the server has forgotten it.
    case unknownStatement
    /// The plan no longer fits its tables.
    case planChanged
    case other
  }

  /// What its caller is told of a statement.
  package enum Outcome: Sendable, Equatable {
    case rows
    case failed
    case notRun
  }

  /// Why a session is given up.
  package enum Loss: Sendable, Equatable {
    /// The socket ended, or libpq gave up.
    case connection
    /// The server ended the session with its answer to this statement.
    case server(StatementID)
    /// Answers came that nothing had asked for.
    case protocolBroken
    case copy
    /// The server did not stop what it was told to stop.
    case cancelIgnored
  }

  /// What to do next.
  package enum Action: Sendable, Equatable {
    /// Has the server send the answers of what came before.
    case flushRequest
    case prepare(StatementID, shape: Int, serial: UInt32)
    case execute(StatementID, shape: Int, serial: UInt32)
    case once(StatementID)
    case text(StatementID)
    case script(StatementID)
    case sync
    /// The result just received is the answer, unless a later one takes its place.
    case keep
    /// A statement has its outcome; the result kept last is its answer or error.
    case tell(StatementID, Outcome)
    /// All of a batch is answered, and the server is ready for the next.
    case synchronised
    /// After a script.
    case enterPipeline
    case cancel
    /// Statements may be sent again.
    case cancelEnded
    case wake(at: MonotonicInstant)
    /// Ends the session by ourselves; if something runs, the server is to be told.
    case close(isRunning: Bool)
    /// Ends the session, and tells its owner.
    case lose(Loss)
  }
}
