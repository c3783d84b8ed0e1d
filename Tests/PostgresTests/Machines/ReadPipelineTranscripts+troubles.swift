import Testing
import Time

@testable import Postgres

extension ReadPipelineTranscripts {
  private static let one = ServerIdentity(startTime: 1)
  private static let other = ServerIdentity(startTime: 2)

  static let callers: [Transcript<ReadPipelineMachine>] = [
    Transcript(
      "who asks while the database is known to be away is told at once, and one attempt follows the other",
      machine(),
      [
        Line(0, asked(1, first), .planTurnEnd, .wake(at: .at(1000))),
        Line(0, .turnEnded, .open),
        Line(1, .openFailed(isAway: false), .open),
        Line(2, .openFailed(isAway: true), .refuse(1, .away), .open),
        Line(3, asked(2, first), .refuse(2, .away)),
        Line(4, .openFailed(isAway: true), .open),
        Line(9, .opened(1, expiry: far), .setUp(1)),
        Line(9, asked(3, first), .planTurnEnd),
        Line(9, .turnEnded, .execute(1, 3, isAfterFlush: false), .endBatch(1), .open),
      ]
    ),
    Transcript(
      "waiting is bounded in number and in time, and those who have gone do not count",
      machine(),
      [
        Line(0, asked(1, first), .planTurnEnd, .wake(at: .at(1000))),
        Line(0, asked(2, first)),
        Line(0, asked(3, first)),
        Line(0, asked(4, first), .refuse(4, .tooManyWait)),
        Line(0, .turnEnded, .open),
        Line(1, .abandoned(2)),
        Line(2, asked(5, first), .planTurnEnd),
        Line(2, .turnEnded),
        Line(1000, .timePassed, .refuse(1, .noPlace), .refuse(3, .noPlace), .wake(at: .at(1002))),
      ]
    ),
    Transcript(
      "past its deadline a statement ends for its caller and at the server; one that does not stop takes its session along",
      machine(),
      known + [
        Line(20, asked(10, first, by: 100), .planTurnEnd, .wake(at: .at(100))),
        Line(20, .turnEnded, .execute(1, 10, isAfterFlush: false), .endBatch(1)),
        Line(100, .timePassed, .refuse(10, .timedOut), .wake(at: .at(120))),
        Line(120, .timePassed, .cancel(1, 10)),
        Line(121, .cancelEnded(1)),
        Line(121, .drained(1), .wake(at: .at(621))),
        Line(2121, .lost(1, .broken)),
      ]
    ),
    Transcript(
      "at the end everybody is told, and what opens later is closed",
      machine(),
      known + [
        Line(20, asked(10, first), .planTurnEnd),
        Line(20, .turnEnded, .execute(1, 10, isAfterFlush: false), .endBatch(1)),
        Line(21, .close, .refuse(10, .closed), .close(1), .close(2)),
        Line(22, asked(11, first), .refuse(11, .closed)),
        Line(23, .opened(3, expiry: far), .close(3)),
      ]
    ),
  ]

  static let failures: [Transcript<ReadPipelineMachine>] = [
    Transcript(
      "a failure is told; what it kept from being run is sent again, and once more when its plan is gone",
      machine(),
      group + [
        Line(21, .answered(1, 10, .failed), .tell(10)),
        Line(21, .answered(1, 11, .notRun)),
        Line(21, .drained(1), .planTurnEnd),
        Line(21, .turnEnded, .execute(1, 11, isAfterFlush: false), .endBatch(1)),
        Line(22, .answered(1, 11, .planChanged), .prepareAgain(1), .prepareAgain(2)),
        Line(22, .drained(1), .planTurnEnd),
        Line(22, .turnEnded, .execute(1, 11, isAfterFlush: false), .endBatch(1)),
        Line(23, .answered(1, 11, .planChanged), .tell(11)),
        Line(23, .drained(1)),
      ]
    ),
    Transcript(
      "what is to be sent again once its session has told all ends by its deadline",
      machine(),
      known + [
        Line(20, asked(10, first), .planTurnEnd),
        Line(20, asked(11, first, by: 40), .wake(at: .at(40))),
        Line(
          20,
          .turnEnded,
          .execute(1, 10, isAfterFlush: false),
          .execute(1, 11, isAfterFlush: false),
          .endBatch(1)
        ),
        Line(21, .answered(1, 10, .failed), .tell(10)),
        Line(21, .answered(1, 11, .notRun)),
        Line(40, .timePassed, .refuse(11, .timedOut)),
        Line(41, .drained(1)),
      ]
    ),
    Transcript(
      "one that an operator stops is told so; one that a cancel for another hit is sent again, once",
      machine(),
      known + [
        Line(20, asked(10, first), .planTurnEnd),
        Line(20, .turnEnded, .execute(1, 10, isAfterFlush: false), .endBatch(1)),
        Line(21, .answered(1, 10, .cancelled), .tell(10)),
        Line(21, .drained(1)),
        Line(30, asked(11, first), .planTurnEnd),
        Line(30, .turnEnded, .execute(1, 11, isAfterFlush: false), .endBatch(1)),
        Line(31, .abandoned(11), .wake(at: .at(51))),
        Line(51, .timePassed, .cancel(1, 11), .wake(at: .at(1000))),
        Line(52, .cancelEnded(1)),
        Line(52, .answered(1, 11, .rows)),
        // The request is still on its way when the next one is sent.
        Line(52, asked(12, first), .planTurnEnd),
        Line(52, .turnEnded, .execute(1, 12, isAfterFlush: false), .endBatch(1)),
        Line(53, .answered(1, 12, .cancelled)),
        Line(53, .drained(1), .planTurnEnd),
        Line(53, .turnEnded, .execute(1, 12, isAfterFlush: false), .endBatch(1)),
        Line(54, .answered(1, 12, .cancelled), .tell(12)),
      ]
    ),
    Transcript(
      "a session that answers what it was not asked is closed, and what was sent on it is sent again",
      machine(),
      known + [
        Line(20, asked(10, first), .planTurnEnd),
        Line(20, .turnEnded, .execute(1, 10, isAfterFlush: false), .endBatch(1)),
        Line(21, .answered(1, 99, .rows), .planTurnEnd, .close(1)),
        Line(21, .turnEnded, .execute(2, 10, isAfterFlush: false), .endBatch(2)),
      ]
    ),
    Transcript(
      "a session whose first statement fails is closed, and the next one is not opened at once",
      machine(),
      [
        Line(0, asked(1, first), .planTurnEnd, .wake(at: .at(1000))),
        Line(0, .turnEnded, .open),
        Line(5, .opened(1, expiry: far), .setUp(1), .planTurnEnd),
        Line(6, .answered(1, .setUp, .failed), .close(1)),
        Line(6, .turnEnded, .wake(at: .at(106))),
        Line(106, .timePassed, .open, .wake(at: .at(1000))),
      ]
    ),
  ]

  static let losses: [Transcript<ReadPipelineMachine>] = [
    Transcript(
      "a statement outlives sessions as old as the first it lost, and one that is newer",
      machine(),
      known + [
        Line(20, asked(10, first), .planTurnEnd),
        Line(20, .turnEnded, .execute(1, 10, isAfterFlush: false), .endBatch(1)),
        Line(21, .lost(1, .ended), .suspectServer, .planTurnEnd),
        Line(21, .turnEnded, .execute(2, 10, isAfterFlush: false), .endBatch(2)),
        Line(22, .lost(2, .broken), .planTurnEnd),
        Line(22, .turnEnded, .open),
        Line(27, .opened(3, expiry: far), .setUp(3), .planTurnEnd),
        Line(27, .turnEnded, .execute(3, 10, isAfterFlush: false), .endBatch(3), .open),
        Line(28, .answered(3, .setUp, .rows)),
        Line(29, .lost(3, .broken), .planTurnEnd),
        Line(29, .turnEnded),
        Line(30, .opened(4, expiry: far), .setUp(4), .planTurnEnd),
        Line(30, .turnEnded, .execute(4, 10, isAfterFlush: false), .endBatch(4), .open),
        Line(31, .answered(4, .setUp, .rows)),
        Line(31, .lost(4, .broken), .refuse(10, .lost)),
      ]
    ),
    Transcript(
      "sessions with a server that new connections do not reach are asked nothing more",
      machine(),
      known + [
        Line(12, .identified(1, one)),
        Line(12, .identified(2, one)),
        Line(20, asked(10, first), .planTurnEnd),
        Line(20, .turnEnded, .execute(1, 10, isAfterFlush: false), .endBatch(1)),
        Line(21, .serverIs(one)),
        Line(22, .serverIs(other), .close(2)),
        Line(23, asked(11, first), .planTurnEnd),
        Line(23, .turnEnded, .open, .wake(at: .at(47))),
        Line(24, .answered(1, 10, .rows), .tell(10)),
        Line(24, .drained(1), .close(1), .planTurnEnd),
        Line(24, .turnEnded),
        Line(28, .opened(3, expiry: far), .setUp(3), .planTurnEnd),
        Line(28, .turnEnded, .execute(3, 11, isAfterFlush: false), .endBatch(3), .open),
      ]
    ),
    Transcript(
      "sessions opened before a server was suspected, and those past their time, are closed",
      machine(),
      known + [
        Line(20, .serverSuspected(before: .at(7)), .close(1)),
        Line(1_000_000, asked(10, first, by: 1_060_000), .planTurnEnd),
        Line(1_000_000, .turnEnded, .close(2), .open),
      ]
    ),
  ]
}
