import Testing
import Time

@testable import Postgres

@Suite("Who gets which session for a transaction, and what becomes of it")
struct LeaseTranscripts {
  typealias Line = Transcript<LeaseMachine>.Line

  private static let far = MonotonicInstant.at(1_000_000)
  private static let one = ServerIdentity(startTime: 1)
  private static let other = ServerIdentity(startTime: 2)

  private static func machine() -> LeaseMachine {
    LeaseMachine(
      LeaseMachine.Settings(
        sessions: 2,
        maximumWaiting: 2,
        leaseTimeout: .seconds(1),
        idleTimeout: .seconds(60)
      )
    )
  }

  private static func asked(_ waiter: UInt64, by deadline: Int = 90_000) -> LeaseMachine.Event {
    .requested(waiter, deadline: .at(deadline))
  }

  /// The first caller has the first session.
  private static let leased = [
    Line(0, asked(1), .open, .wake(at: .at(1000))),
    Line(5, .opened(1, expiry: far), .setUp(1)),
    Line(6, .answered(1, .setUp, .rows)),
    Line(6, .identified(1, one)),
    Line(6, .synchronised(1), .lend(1, 1, to: 1)),
  ]

  private static let lending: [Transcript<LeaseMachine>] = [
    Transcript(
      "a session is lent once it is set up, runs a batch, and is lent to the next",
      machine(),
      leased + [
        Line(
          7,
          .run(1, [1, 2], isScript: false, deadline: .at(5000)),
          .execute(1, 1),
          .execute(1, 2),
          .endBatch(1)
        ),
        Line(8, .answered(1, 1, .rows)),
        Line(8, .answered(1, 2, .rows), .keep(1)),
        Line(8, .synchronised(1), .tell(2, .rows, 1)),
        Line(9, .run(1, [3], isScript: true, deadline: .at(5000)), .execute(1, 3)),
        Line(10, .answered(1, 3, .rows), .keep(1)),
        Line(10, .synchronised(1), .tell(3, .rows, 1)),
        Line(11, .returned(1, isClean: true)),
        Line(12, asked(2), .lend(2, 1, to: 2)),
      ]
    ),
    Transcript(
      "waiting is bounded in number and in time, and who has gone gets nothing",
      machine(),
      leased + [
        Line(10, asked(2), .open),
        Line(10, asked(3)),
        Line(10, asked(4), .refuse(4, .tooManyWait)),
        Line(20, .waiterGone(2)),
        Line(30, .returned(1, isClean: true), .lend(2, 1, to: 3)),
        Line(40, asked(5)),
        Line(1000, .timePassed, .wake(at: .at(1040))),
        Line(1040, .timePassed, .refuse(5, .noPlace)),
      ]
    ),
    Transcript(
      "who asks while the database is known to be away is told at once, and one attempt follows the other",
      machine(),
      [
        Line(0, asked(1), .open, .wake(at: .at(1000))),
        Line(1, .openFailed(isAway: false), .open),
        Line(2, .openFailed(isAway: true), .refuse(1, .away), .open),
        Line(3, asked(2), .refuse(2, .away)),
        Line(4, .openFailed(isAway: true), .open),
        Line(5, .opened(1, expiry: far), .setUp(1)),
        Line(6, .answered(1, .setUp, .rows)),
        Line(6, .synchronised(1)),
        Line(7, asked(3), .lend(1, 1, to: 3)),
      ]
    ),
    Transcript(
      "a session that cannot be set up is closed, and the next one is not opened at once",
      machine(),
      [
        Line(0, asked(1), .open, .wake(at: .at(1000))),
        Line(5, .opened(1, expiry: far), .setUp(1)),
        Line(6, .answered(1, .setUp, .failed)),
        Line(6, .synchronised(1), .close(1), .wake(at: .at(106))),
        Line(106, .timePassed, .open, .wake(at: .at(1000))),
        Line(110, .opened(2, expiry: far), .setUp(2)),
        Line(111, .lost(2, isServerEnding: false), .wake(at: .at(211))),
      ]
    ),
    Transcript(
      "idle sessions are closed in time, and so is one past its age",
      machine(),
      leased + [
        Line(7, .returned(1, isClean: true)),
        Line(1000, .timePassed, .wake(at: .at(60_007))),
        Line(60_007, .timePassed, .close(1)),
      ]
    ),
    Transcript(
      "at the end everybody is told, and what is leased is closed when it is returned",
      machine(),
      leased + [
        Line(7, asked(2), .open),
        Line(8, .close, .refuse(2, .closed)),
        Line(9, asked(3), .refuse(3, .closed)),
        Line(10, .returned(1, isClean: true), .close(1)),
        Line(11, .opened(2, expiry: far), .close(2)),
      ]
    ),
  ]

  private static let troubles: [Transcript<LeaseMachine>] = [
    Transcript(
      "of a batch the first failure is told, and what is left open is closed",
      machine(),
      leased + [
        Line(
          7,
          .run(1, [1, 2, 3], isScript: false, deadline: .at(5000)),
          .execute(1, 1),
          .execute(1, 2),
          .execute(1, 3),
          .endBatch(1)
        ),
        Line(8, .answered(1, 1, .rows)),
        Line(8, .answered(1, 2, .failed), .keep(1)),
        Line(8, .answered(1, 3, .notRun)),
        Line(8, .synchronised(1), .tell(3, .failed, 1)),
        Line(9, .returned(1, isClean: false), .close(1)),
      ]
    ),
    Transcript(
      "a refused write has every idle session closed, and others asked of the server",
      machine(),
      leased + [
        Line(7, asked(2), .open),
        Line(8, .opened(2, expiry: far), .setUp(2)),
        Line(9, .answered(2, .setUp, .rows)),
        Line(9, .synchronised(2), .lend(2, 2, to: 2)),
        Line(10, .returned(1, isClean: true)),
        Line(11, .run(2, [1], isScript: false, deadline: .at(5000)), .execute(2, 1), .endBatch(2)),
        Line(12, .answered(2, 1, .readOnly), .keep(2), .close(1), .suspectServer),
        Line(12, .synchronised(2), .tell(1, .failed, 2)),
        Line(13, .run(2, [2], isScript: false, deadline: .at(5000)), .tell(2, .refused(.isSpoilt), nil)),
        Line(14, .returned(2, isClean: true), .close(2)),
      ]
    ),
    Transcript(
      "a plan that is gone has every session prepare again",
      machine(),
      leased + [
        Line(7, .run(1, [1], isScript: false, deadline: .at(5000)), .execute(1, 1), .endBatch(1)),
        Line(8, .answered(1, 1, .planChanged), .keep(1), .prepareAgain(1)),
        Line(8, .synchronised(1), .tell(1, .failed, 1)),
      ]
    ),
    Transcript(
      "a statement past its deadline is stopped, and its session not used again",
      machine(),
      leased + [
        Line(
          7,
          .run(1, [1, 2], isScript: false, deadline: .at(500)),
          .execute(1, 1),
          .execute(1, 2),
          .endBatch(1),
          .wake(at: .at(500))
        ),
        Line(8, .run(1, [3], isScript: false, deadline: .at(500)), .tell(3, .refused(.isBusy), nil)),
        Line(9, .answered(1, 1, .rows)),
        Line(500, .timePassed, .tell(2, .timedOut, 1), .cancel(1, 2)),
        Line(501, .answered(1, 2, .failed), .keep(1)),
        Line(501, .synchronised(1)),
        Line(502, .returned(1, isClean: true), .close(1)),
        Line(503, .run(1, [4], isScript: false, deadline: .at(900)), .tell(4, .refused(.hasEnded), nil)),
      ]
    ),
    Transcript(
      "a statement whose caller has gone is stopped",
      machine(),
      leased + [
        Line(7, .run(1, [1], isScript: false, deadline: .at(5000)), .execute(1, 1), .endBatch(1)),
        Line(8, .abandoned(1), .cancel(1, 1)),
        Line(9, .answered(1, 1, .failed), .keep(1)),
        Line(9, .synchronised(1)),
        Line(10, .returned(1, isClean: true), .close(1)),
      ]
    ),
    Transcript(
      "a lost session fails its statement, keeps its lease until that ends, and may have answered before",
      machine(),
      leased + [
        Line(7, .run(1, [1], isScript: false, deadline: .at(5000)), .execute(1, 1), .endBatch(1)),
        Line(8, .lost(1, isServerEnding: true), .suspectServer, .tell(1, .lost, 1)),
        Line(9, .run(1, [2], isScript: false, deadline: .at(5000)), .tell(2, .refused(.isLost), nil)),
        Line(10, .returned(1, isClean: false)),
        Line(11, asked(2), .open),
        Line(12, .opened(2, expiry: far), .setUp(2)),
        Line(13, .answered(2, .setUp, .rows)),
        Line(13, .synchronised(2), .lend(2, 2, to: 2)),
        Line(14, .run(2, [3], isScript: false, deadline: .at(5000)), .execute(2, 3), .endBatch(2)),
        Line(15, .answered(2, 3, .rows), .keep(2)),
        Line(15, .lost(2, isServerEnding: false), .tell(3, .rows, 2)),
      ]
    ),
    Transcript(
      "what only the end of a session undoes ends it",
      machine(),
      leased + [
        Line(7, .spoilt(1)),
        Line(8, .returned(1, isClean: true), .close(1)),
      ]
    ),
    Transcript(
      "sessions with a server that new connections do not reach, or that is suspected, are lent no more",
      machine(),
      leased + [
        Line(7, .serverIs(one)),
        Line(8, .serverIs(other)),
        Line(9, .returned(1, isClean: true), .close(1)),
        Line(10, asked(2), .open),
        Line(11, .opened(2, expiry: far), .setUp(2)),
        Line(12, .answered(2, .setUp, .rows)),
        Line(12, .synchronised(2), .lend(2, 2, to: 2)),
        Line(13, .returned(2, isClean: true)),
        Line(14, .serverSuspected(before: .at(11))),
        Line(15, .serverSuspected(before: .at(14)), .close(2)),
      ]
    ),
  ]

  static let all = lending + troubles

  @Test("line by line", arguments: all)
  func lines(_ transcript: Transcript<LeaseMachine>) { transcript.check() }

  private enum Events: CaseIterable {
    case requested, waiterGone, opened, openFailed, identified, serverIs, serverSuspected, run, abandoned,
      answered
    case synchronised, lost, spoilt, returned, timePassed, close

    /// Does not compile when there is an event that this list lacks.
    init(_ event: LeaseMachine.Event) {
      self =
        switch event {
        case .requested: .requested
        case .waiterGone: .waiterGone
        case .opened: .opened
        case .openFailed: .openFailed
        case .identified: .identified
        case .serverIs: .serverIs
        case .serverSuspected: .serverSuspected
        case .run: .run
        case .abandoned: .abandoned
        case .answered: .answered
        case .synchronised: .synchronised
        case .lost: .lost
        case .spoilt: .spoilt
        case .returned: .returned
        case .timePassed: .timePassed
        case .close: .close
        }
    }
  }

  private enum Actions: CaseIterable {
    case open, setUp, lend, refuse, execute, endBatch, keep, tell, prepareAgain, cancel, close, suspectServer,
      wake

    init(_ action: LeaseMachine.Action) {
      self =
        switch action {
        case .open: .open
        case .setUp: .setUp
        case .lend: .lend
        case .refuse: .refuse
        case .execute: .execute
        case .endBatch: .endBatch
        case .keep: .keep
        case .tell: .tell
        case .prepareAgain: .prepareAgain
        case .cancel: .cancel
        case .close: .close
        case .suspectServer: .suspectServer
        case .wake: .wake
        }
    }
  }

  @Test("every event and every action stands in a transcript")
  func complete() {
    let lines = Self.all.flatMap(\.lines)
    #expect(Set(lines.map { Events($0.event) }) == Set(Events.allCases))
    #expect(Set(lines.flatMap(\.actions).map(Actions.init)) == Set(Actions.allCases))
  }
}
