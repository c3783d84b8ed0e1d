import Testing

@testable import Postgres

extension ReadPipelineTranscripts {
  /// Two of a group that has not answered for some time: nobody can say which is slow, and both are sent again.
  static let sentAgain =
    group + [
      Line(
        47,
        .timePassed,
        .planTurnEnd,
        .wake(at: .at(67)),
        .execute(2, 10, isAfterFlush: false),
        .execute(2, 11, isAfterFlush: true),
        .endBatch(2)
      )
    ]

  /// A first statement, sent behind the set-up of the only session there may be.
  private static let onlySession = [
    Line(0, asked(1, first), .planTurnEnd, .wake(at: .at(1000))),
    Line(0, .turnEnded, .open),
    Line(5, .opened(1, expiry: far), .setUp(1), .planTurnEnd),
    Line(5, .turnEnded, .execute(1, 1, isAfterFlush: false), .endBatch(1)),
  ]

  static let slowStatements: [Transcript<ReadPipelineMachine>] = [
    Transcript(
      "quick ones of a turn share a batch; the answers of one kind do not wait for the next",
      machine(),
      known + [
        Line(20, asked(10, second), .planTurnEnd),
        Line(20, asked(11, first)),
        Line(20, asked(12, second)),
        Line(
          20,
          .turnEnded,
          .execute(1, 11, isAfterFlush: false),
          .execute(1, 10, isAfterFlush: true),
          .execute(1, 12, isAfterFlush: false),
          .endBatch(1),
          .wake(at: .at(47))
        ),
        Line(21, .answered(1, 11, .rows), .tell(11)),
        Line(21, .answered(1, 10, .rows), .tell(10)),
        Line(21, .answered(1, 12, .rows), .tell(12)),
        Line(21, .drained(1)),
      ]
    ),
    Transcript(
      "a slow one costs its caller alone, and is stopped once nobody waits for it",
      machine(),
      known + [
        Line(20, asked(10, first), .planTurnEnd),
        Line(20, asked(11, second)),
        Line(20, asked(12, first)),
        Line(
          20,
          .turnEnded,
          .execute(1, 10, isAfterFlush: false),
          .execute(1, 12, isAfterFlush: false),
          .execute(1, 11, isAfterFlush: true),
          .endBatch(1),
          .wake(at: .at(47))
        ),
        Line(21, .answered(1, 10, .rows), .tell(10)),
        Line(21, .answered(1, 12, .rows), .tell(12)),
        Line(21, .drained(1)),
        // The other session is free.
        Line(30, asked(13, first), .planTurnEnd),
        Line(30, .turnEnded, .execute(2, 13, isAfterFlush: false), .endBatch(2)),
        Line(31, .answered(2, 13, .rows), .tell(13)),
        Line(31, .drained(2)),
        Line(47, .timePassed, .wake(at: .at(1000))),
        // It may be the session that is frozen, so others of its kind go on.
        Line(50, asked(14, second), .planTurnEnd),
        Line(50, .turnEnded, .execute(2, 14, isAfterFlush: false), .endBatch(2)),
        Line(51, .answered(2, 14, .rows), .tell(14)),
        Line(51, .drained(2)),
        // Once two are held by it the kind is slow: it leaves a session to others, which are not held up again.
        Line(52, asked(15, second), .planTurnEnd),
        Line(52, .turnEnded, .execute(2, 15, isAfterFlush: false), .endBatch(2)),
        Line(60, asked(16, first), .planTurnEnd),
        Line(60, .turnEnded, .execute(2, 16, isAfterFlush: false), .endBatch(2), .wake(at: .at(79))),
        Line(79, .timePassed, .planTurnEnd, .cancel(2, 15), .wake(at: .at(1000))),
        Line(79, .turnEnded),
        Line(82, .answered(2, 15, .cancelled)),
        Line(82, .answered(2, 16, .rows), .tell(16)),
        Line(82, .drained(2), .planTurnEnd),
        Line(83, .cancelEnded(2)),
        Line(83, .drained(2)),
        Line(83, .turnEnded),
        Line(90, asked(17, first), .planTurnEnd),
        Line(90, .turnEnded, .execute(2, 17, isAfterFlush: false), .endBatch(2), .wake(at: .at(117))),
        Line(91, .answered(2, 17, .rows), .tell(17)),
        Line(91, .drained(2), .planTurnEnd),
        Line(91, .turnEnded),
        Line(95, .abandoned(11), .wake(at: .at(115))),
        Line(115, .timePassed, .cancel(1, 11), .wake(at: .at(1000))),
        Line(120, .answered(1, 11, .cancelled)),
        Line(120, .drained(1), .planTurnEnd),
        Line(120, .turnEnded),
        Line(121, .cancelEnded(1), .planTurnEnd),
        Line(121, .drained(1)),
        Line(121, .turnEnded, .execute(1, 15, isAfterFlush: false), .endBatch(1)),
      ]
    ),
    Transcript(
      "a session that may be frozen keeps nobody else waiting, and is given up once nobody waits for it",
      machine(),
      known + [
        Line(12, asked(3, third), .planTurnEnd),
        Line(12, .turnEnded, .execute(1, 3, isAfterFlush: false), .endBatch(1)),
        Line(60, .answered(1, 3, .rows), .tell(3)),
        Line(60, .drained(1)),
        Line(70, asked(10, first, by: 400), .planTurnEnd, .wake(at: .at(400))),
        Line(70, .turnEnded, .execute(1, 10, isAfterFlush: false), .endBatch(1)),
        Line(80, asked(11, first), .planTurnEnd),
        Line(80, .turnEnded, .execute(2, 11, isAfterFlush: false), .endBatch(2)),
        Line(81, .answered(2, 11, .rows), .tell(11)),
        Line(81, .drained(2)),
        // A slow one, which must leave a session to others, gets one more.
        Line(100, asked(12, third), .planTurnEnd),
        Line(100, .turnEnded, .wake(at: .at(321))),
        Line(321, .timePassed, .open, .wake(at: .at(400))),
        Line(326, .opened(3, expiry: far), .setUp(3), .planTurnEnd),
        Line(326, .turnEnded, .execute(2, 12, isAfterFlush: false), .endBatch(2)),
        Line(327, .answered(3, .setUp, .rows)),
        Line(327, .drained(3)),
        Line(380, .answered(2, 12, .rows), .tell(12)),
        Line(380, .drained(2)),
        Line(400, .timePassed, .refuse(10, .timedOut), .wake(at: .at(420))),
        Line(420, .timePassed, .cancel(1, 10)),
        Line(421, .cancelEnded(1)),
        Line(421, .drained(1), .wake(at: .at(921))),
        Line(921, .timePassed, .cancel(1, 10)),
        Line(922, .cancelEnded(1)),
        Line(922, .drained(1), .wake(at: .at(1422))),
        Line(1422, .timePassed, .cancel(1, 10)),
        Line(2421, .lost(1, .broken)),
      ]
    ),
    Transcript(
      "where nobody can say which of a group is slow, all are sent again, and the first answer counts",
      machine(),
      sentAgain + [
        Line(47, .turnEnded),
        Line(48, .answered(2, 10, .rows), .tell(10)),
        Line(50, .answered(1, 10, .rows)),
        Line(50, .answered(1, 11, .rows), .tell(11)),
        Line(50, .drained(1)),
        Line(51, .answered(2, 11, .rows)),
        Line(51, .drained(2)),
        Line(67, .timePassed, .wake(at: .at(1000))),
      ]
    ),
    Transcript(
      "what was sent again elsewhere is stopped where it was",
      machine(),
      sentAgain + [
        Line(48, .answered(2, 10, .rows), .tell(10)),
        Line(67, .timePassed, .cancel(1, 10), .wake(at: .at(1000))),
        Line(68, .answered(1, 10, .rows)),
        Line(68, .answered(1, 11, .cancelled)),
        Line(68, .drained(1)),
        Line(69, .cancelEnded(1)),
        Line(69, .drained(1)),
      ]
    ),
    Transcript(
      "when slow ones hold every session, the youngest is stopped for others, and sent again",
      machine(),
      known + [
        Line(20, asked(10, first), .planTurnEnd),
        Line(20, .turnEnded, .execute(1, 10, isAfterFlush: false), .endBatch(1)),
        Line(21, asked(11, second), .planTurnEnd),
        Line(21, .turnEnded, .execute(2, 11, isAfterFlush: false), .endBatch(2)),
        Line(30, asked(12, third), .planTurnEnd),
        Line(
          30,
          .turnEnded,
          .execute(1, 12, isAfterFlush: false),
          .endBatch(1),
          .wake(at: .at(47))
        ),
        Line(
          47,
          .timePassed,
          .planTurnEnd,
          .execute(2, 12, isAfterFlush: false),
          .endBatch(2),
          .wake(at: .at(48))
        ),
        Line(47, .turnEnded),
        Line(48, .timePassed, .planTurnEnd, .cancel(2, 11), .wake(at: .at(271))),
        Line(48, .turnEnded),
        Line(52, .answered(2, 11, .cancelled)),
        Line(52, .answered(2, 12, .rows), .tell(12)),
        Line(52, .drained(2), .planTurnEnd),
        Line(53, .cancelEnded(2)),
        Line(53, .drained(2)),
        Line(53, .turnEnded),
        Line(100, .answered(1, 10, .rows), .tell(10)),
        Line(100, .answered(1, 12, .rows)),
        Line(100, .drained(1), .planTurnEnd),
        Line(100, .turnEnded, .execute(1, 11, isAfterFlush: false), .endBatch(1)),
      ]
    ),
    Transcript(
      "one statement that runs on two sessions does not make its kind count as slow",
      machine(),
      sentAgain + [
        Line(47, .turnEnded),
        Line(48, .answered(2, 10, .rows), .tell(10)),
        Line(50, .answered(1, 10, .rows)),
        Line(67, .timePassed, .wake(at: .at(1000))),
        Line(76, .timePassed, .wake(at: .at(96))),
        Line(90, .answered(2, 11, .rows), .tell(11)),
        Line(90, .drained(2)),
        // The other session is held still, and this one is for its kind, too.
        Line(91, asked(12, first), .planTurnEnd),
        Line(91, .turnEnded, .execute(2, 12, isAfterFlush: false), .endBatch(2)),
      ]
    ),
    Transcript(
      "an only session gets a second while a slow statement holds it",
      machine(sessions: 1),
      onlySession + [
        Line(6, .answered(1, .setUp, .rows)),
        Line(6, .drained(1)),
        Line(10, asked(2, second), .planTurnEnd),
        Line(10, .turnEnded, .execute(1, 2, isAfterFlush: false), .endBatch(1), .wake(at: .at(32))),
        Line(32, .timePassed, .planTurnEnd, .open, .wake(at: .at(1000))),
        Line(32, .turnEnded),
        Line(37, .opened(2, expiry: far), .setUp(2), .planTurnEnd),
        Line(37, .turnEnded, .execute(2, 2, isAfterFlush: false), .endBatch(2)),
        Line(38, .answered(2, .setUp, .rows)),
        Line(38, .answered(2, 2, .rows), .tell(2)),
        Line(38, .drained(2)),
        Line(90, .answered(1, 1, .rows), .tell(1)),
        Line(90, .answered(1, 2, .rows)),
        Line(90, .drained(1), .close(1)),
      ]
    ),
    Transcript(
      "what was sent before a session had its first answer waits no longer behind a slow one than later ones do",
      machine(sessions: 1),
      onlySession + [
        Line(6, asked(2, second), .planTurnEnd),
        Line(6, .turnEnded, .execute(1, 2, isAfterFlush: false), .endBatch(1)),
        Line(7, .answered(1, .setUp, .rows), .wake(at: .at(34))),
        Line(7, .drained(1)),
        Line(34, .timePassed, .planTurnEnd, .open, .wake(at: .at(1000))),
      ]
    ),
  ]
}
