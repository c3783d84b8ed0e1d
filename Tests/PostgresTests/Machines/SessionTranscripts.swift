import Testing

@testable import Postgres

@Suite("What a session says, and what its answers belong to")
struct SessionTranscripts {
  private typealias Line = Transcript<SessionMachine>.Line

  static let all: [Transcript<SessionMachine>] = [
    Transcript(
      "a server that is told once more to stop a statement has no more time for it",
      SessionMachine(),
      [
        Line(0, .send(1, .text, isAfterFlush: false), .text(1)),
        Line(0, .endBatch, .sync),
        Line(1, .cancel(1), .cancel),
        Line(2, .cancelSent, .wake(at: .at(2002)), .cancelEnded),
        Line(500, .cancel(1), .cancel),
        Line(501, .cancelSent, .cancelEnded),
        Line(2002, .timePassed, .lose(.cancelIgnored)),
      ]
    ),
    Transcript(
      "a statement is prepared once, and told when its answer is whole",
      SessionMachine(),
      [
        Line(
          0,
          .send(1, .prepared(shape: 0), isAfterFlush: false),
          .prepare(1, shape: 0, serial: 1),
          .execute(1, shape: 0, serial: 1)
        ),
        Line(0, .endBatch, .sync),
        Line(1, .result(.rows), .keep),
        Line(1, .noResult),
        Line(1, .result(.rows), .keep),
        Line(1, .noResult, .tell(1, .rows)),
        Line(1, .result(.synchronised), .synchronised),
        Line(2, .send(2, .prepared(shape: 0), isAfterFlush: false), .execute(2, shape: 0, serial: 1)),
        Line(
          2,
          .send(3, .prepared(shape: 1), isAfterFlush: true),
          .flushRequest,
          .prepare(3, shape: 1, serial: 2),
          .execute(3, shape: 1, serial: 2)
        ),
        Line(2, .endBatch, .sync),
      ]
    ),
    Transcript(
      "a statement for one use, a plain text and a script each go their way",
      SessionMachine(),
      [
        Line(0, .send(1, .once, isAfterFlush: false), .once(1)),
        Line(0, .send(2, .text, isAfterFlush: true), .flushRequest, .text(2)),
        Line(0, .endBatch, .sync),
        Line(1, .result(.rows), .keep),
        Line(1, .noResult, .tell(1, .rows)),
        Line(1, .result(.unknown), .keep),
        Line(1, .noResult, .tell(2, .failed)),
        Line(1, .result(.synchronised), .synchronised),
        Line(2, .send(3, .script, isAfterFlush: false), .script(3)),
        Line(3, .result(.rows), .keep),
        Line(3, .result(.failed(.other)), .keep),
        Line(3, .result(.rows)),
        Line(3, .noResult, .enterPipeline, .tell(3, .failed), .synchronised),
      ]
    ),
    Transcript(
      "what follows a failure in its batch was not run, and the next batch is",
      SessionMachine(),
      [
        Line(0, .send(1, .text, isAfterFlush: false), .text(1)),
        Line(0, .send(2, .text, isAfterFlush: false), .text(2)),
        Line(0, .endBatch, .sync),
        Line(0, .send(3, .text, isAfterFlush: false), .text(3)),
        Line(0, .endBatch, .sync),
        Line(1, .result(.failed(.other)), .keep),
        Line(1, .noResult, .tell(1, .failed)),
        Line(1, .result(.skipped), .keep),
        Line(1, .noResult, .tell(2, .notRun)),
        Line(1, .result(.synchronised), .synchronised),
        Line(1, .result(.rows), .keep),
        Line(1, .noResult, .tell(3, .rows)),
      ]
    ),
    Transcript(
      "a statement that cannot be prepared fails once, and its echo is told to nobody",
      SessionMachine(),
      [
        Line(
          0,
          .send(1, .prepared(shape: 0), isAfterFlush: false),
          .prepare(1, shape: 0, serial: 1),
          .execute(1, shape: 0, serial: 1)
        ),
        Line(0, .endBatch, .sync),
        Line(1, .result(.failed(.other)), .keep),
        Line(1, .noResult, .tell(1, .failed)),
        Line(1, .result(.skipped), .keep),
        Line(1, .noResult),
        Line(1, .result(.synchronised), .synchronised),
        Line(
          2,
          .send(2, .prepared(shape: 0), isAfterFlush: false),
          .prepare(2, shape: 0, serial: 2),
          .execute(2, shape: 0, serial: 2)
        ),
      ]
    ),
    Transcript(
      "a statement that a neighbour kept from being prepared was not run, as often as that happens",
      SessionMachine(),
      [
        Line(0, .send(1, .text, isAfterFlush: false), .text(1)),
        Line(
          0,
          .send(2, .prepared(shape: 0), isAfterFlush: false),
          .prepare(2, shape: 0, serial: 1),
          .execute(2, shape: 0, serial: 1)
        ),
        Line(0, .endBatch, .sync),
        Line(0, .send(3, .prepared(shape: 0), isAfterFlush: false), .execute(3, shape: 0, serial: 1)),
        Line(0, .endBatch, .sync),
        Line(1, .result(.failed(.other)), .keep),
        Line(1, .noResult, .tell(1, .failed)),
        Line(1, .result(.skipped), .keep),
        Line(1, .noResult),
        Line(1, .result(.skipped), .keep),
        Line(1, .noResult, .tell(2, .notRun)),
        Line(1, .result(.synchronised), .synchronised),
        Line(1, .result(.failed(.unknownStatement)), .keep),
        Line(1, .noResult, .tell(3, .notRun)),
        Line(1, .result(.synchronised), .synchronised),
        // It is not prepared, so it is now.
        Line(
          2,
          .send(3, .prepared(shape: 0), isAfterFlush: false),
          .prepare(3, shape: 0, serial: 2),
          .execute(3, shape: 0, serial: 2)
        ),
      ]
    ),
    Transcript(
      "a statement that the server has forgotten, or whose table changed, is prepared again",
      SessionMachine(),
      [
        Line(
          0,
          .send(1, .prepared(shape: 0), isAfterFlush: false),
          .prepare(1, shape: 0, serial: 1),
          .execute(1, shape: 0, serial: 1)
        ),
        Line(0, .endBatch, .sync),
        Line(1, .result(.rows), .keep),
        Line(1, .noResult),
        Line(1, .result(.failed(.unknownStatement)), .keep),
        Line(1, .noResult, .tell(1, .failed)),
        Line(1, .result(.synchronised), .synchronised),
        Line(
          2,
          .send(2, .prepared(shape: 0), isAfterFlush: false),
          .prepare(2, shape: 0, serial: 2),
          .execute(2, shape: 0, serial: 2)
        ),
        Line(2, .plansChanged),
        Line(
          2,
          .send(3, .prepared(shape: 0), isAfterFlush: false),
          .prepare(3, shape: 0, serial: 3),
          .execute(3, shape: 0, serial: 3)
        ),
        Line(3, .result(.rows), .keep),
        Line(3, .noResult),
        Line(3, .result(.failed(.planChanged)), .keep),
        Line(3, .noResult, .tell(2, .failed)),
      ]
    ),
    Transcript(
      "a cancel waits until its statement runs, and one that is answered before is left alone",
      SessionMachine(),
      [
        Line(0, .send(1, .text, isAfterFlush: false), .text(1)),
        Line(0, .send(2, .text, isAfterFlush: true), .flushRequest, .text(2)),
        Line(0, .send(3, .text, isAfterFlush: true), .flushRequest, .text(3)),
        Line(0, .endBatch, .sync),
        Line(1, .cancel(2)),
        Line(2, .result(.rows), .keep),
        Line(2, .noResult, .tell(1, .rows), .cancel),
        Line(3, .result(.failed(.other)), .keep),
        Line(3, .noResult, .tell(2, .failed)),
        Line(4, .cancelSent, .cancelEnded),
        Line(5, .cancel(2)),
        Line(5, .result(.skipped), .keep),
        Line(5, .noResult, .tell(3, .notRun)),
      ]
    ),
    Transcript(
      "a cancel that is wanted while another is on its way is not lost",
      SessionMachine(),
      [
        Line(0, .send(1, .text, isAfterFlush: false), .text(1)),
        Line(0, .endBatch, .sync),
        Line(0, .send(2, .text, isAfterFlush: false), .text(2)),
        Line(0, .endBatch, .sync),
        Line(1, .cancel(1), .cancel),
        Line(2, .result(.rows), .keep),
        Line(2, .noResult, .tell(1, .rows)),
        Line(2, .result(.synchronised), .synchronised),
        Line(3, .cancel(2)),
        Line(4, .cancelSent, .cancelEnded, .cancel),
        Line(5, .cancelSent, .wake(at: .at(2005)), .cancelEnded),
        Line(6, .result(.failed(.other)), .keep),
        Line(6, .noResult, .tell(2, .failed)),
        Line(2005, .timePassed),
      ]
    ),
    Transcript(
      "a server that does not stop what it was told to stop is given up",
      SessionMachine(),
      [
        Line(0, .send(1, .text, isAfterFlush: false), .text(1)),
        Line(0, .endBatch, .sync),
        Line(1, .cancel(1), .cancel),
        Line(2, .cancelSent, .wake(at: .at(2002)), .cancelEnded),
        Line(1000, .timePassed),
        Line(2002, .timePassed, .lose(.cancelIgnored)),
        Line(2003, .send(2, .text, isAfterFlush: false)),
      ]
    ),
    Transcript(
      "the statement with whose answer the server ends a session is named",
      SessionMachine(),
      [
        Line(0, .send(1, .text, isAfterFlush: false), .text(1)),
        Line(0, .send(2, .text, isAfterFlush: false), .text(2)),
        Line(0, .endBatch, .sync),
        Line(1, .result(.rows), .keep),
        Line(1, .noResult, .tell(1, .rows)),
        Line(1, .result(.failed(.endsSession)), .keep),
        Line(1, .noResult, .lose(.server(2))),
      ]
    ),
    Transcript(
      "a session that ends while a statement is prepared, or in a script, ends with its name",
      SessionMachine(),
      [
        Line(0, .send(1, .script, isAfterFlush: false), .script(1)),
        Line(1, .result(.failed(.endsSession)), .keep),
        Line(1, .noResult, .lose(.server(1))),
      ]
    ),
    Transcript("a socket that fails ends it", SessionMachine(), [Line(0, .broken, .lose(.connection))]),
    Transcript(
      "an answer that nothing asked for costs this session and no more",
      SessionMachine(),
      [
        Line(0, .send(1, .text, isAfterFlush: false), .text(1)),
        Line(1, .result(.synchronised), .lose(.protocolBroken)),
        Line(2, .result(.rows)),
        Line(2, .noResult),
      ]
    ),
    Transcript(
      "libpq that has nothing to say three times over costs this session",
      SessionMachine(),
      [
        Line(0, .send(1, .text, isAfterFlush: false), .text(1)),
        Line(1, .noResult),
        Line(1, .noResult),
        Line(1, .noResult, .lose(.protocolBroken)),
      ]
    ),
    Transcript(
      "COPY is not taken part in",
      SessionMachine(),
      [
        Line(0, .send(1, .text, isAfterFlush: false), .text(1)),
        Line(1, .result(.copy), .lose(.copy)),
      ]
    ),
    Transcript(
      "closing has the server stop what runs",
      SessionMachine(),
      [
        Line(0, .send(1, .text, isAfterFlush: false), .text(1)),
        Line(0, .endBatch, .sync),
        Line(1, .close, .close(isRunning: true)),
      ]
    ),
    Transcript(
      "closing an idle session is quiet",
      SessionMachine(),
      [Line(0, .close, .close(isRunning: false))]
    ),
  ]

  @Test("line by line", arguments: all)
  func lines(_ transcript: Transcript<SessionMachine>) { transcript.check() }

  private enum Events: String, CaseIterable {
    case send, endBatch, result, noResult, cancel, cancelSent, timePassed, plansChanged, broken, close

    /// Does not compile when there is an event that this list lacks.
    init(_ event: SessionMachine.Event) {
      self =
        switch event {
        case .send: .send
        case .endBatch: .endBatch
        case .result: .result
        case .noResult: .noResult
        case .cancel: .cancel
        case .cancelSent: .cancelSent
        case .timePassed: .timePassed
        case .plansChanged: .plansChanged
        case .broken: .broken
        case .close: .close
        }
    }
  }

  private enum Actions: String, CaseIterable {
    case flushRequest, prepare, execute, once, text, script, sync, keep, tell, synchronised, enterPipeline
    case cancel, cancelEnded, wake, close, lose

    init(_ action: SessionMachine.Action) {
      self =
        switch action {
        case .flushRequest: .flushRequest
        case .prepare: .prepare
        case .execute: .execute
        case .once: .once
        case .text: .text
        case .script: .script
        case .sync: .sync
        case .keep: .keep
        case .tell: .tell
        case .synchronised: .synchronised
        case .enterPipeline: .enterPipeline
        case .cancel: .cancel
        case .cancelEnded: .cancelEnded
        case .wake: .wake
        case .close: .close
        case .lose: .lose
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
