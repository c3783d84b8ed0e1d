import Testing
import Time

@testable import Postgres

@Suite("Which session a read is sent on, when, and what is stopped")
struct ReadPipelineTranscripts {
  typealias Line = Transcript<ReadPipelineMachine>.Line

  static let first = StatementKind(number: 1)
  static let second = StatementKind(number: 2)
  static let third = StatementKind(number: 3)
  static let far = MonotonicInstant.at(1_000_000)

  static func machine(sessions: Int = 2) -> ReadPipelineMachine {
    ReadPipelineMachine(
      ReadPipelineMachine.Settings(
        sessions: sessions,
        maximumInFlight: 4,
        maximumWaiting: 3,
        leaseTimeout: .seconds(1)
      )
    )
  }

  static func asked(_ id: StatementID, _ kind: StatementKind, by deadline: Int = 60_000)
    -> ReadPipelineMachine.Event
  {
    .submitted(id, kind, deadline: .at(deadline))
  }

  /// A first statement opens a session, and because nothing is known of its kind, a second.
  static let start = [
    Line(0, asked(1, first), .planTurnEnd, .wake(at: .at(1000))),
    Line(0, .turnEnded, .open),
    Line(5, .opened(1, expiry: far), .setUp(1), .planTurnEnd),
    Line(5, .turnEnded, .execute(1, 1, isAfterFlush: false), .endBatch(1), .open),
    Line(6, .answered(1, .setUp, .rows)),
    Line(6, .answered(1, 1, .rows), .tell(1)),
    Line(6, .drained(1)),
    Line(8, .opened(2, expiry: far), .setUp(2)),
    Line(9, .answered(2, .setUp, .rows)),
    Line(9, .drained(2)),
  ]

  /// Two sessions, a way of one millisecond, and two kinds that are known to be quick.
  static let known =
    start + [
      Line(10, asked(2, second), .planTurnEnd),
      Line(10, .turnEnded, .execute(1, 2, isAfterFlush: false), .endBatch(1)),
      Line(11, .answered(1, 2, .rows), .tell(2)),
      Line(11, .drained(1)),
    ]

  /// Two of one kind, sent as a group.
  static let group =
    known + [
      Line(20, asked(10, first), .planTurnEnd),
      Line(20, asked(11, first)),
      Line(
        20,
        .turnEnded,
        .execute(1, 10, isAfterFlush: false),
        .execute(1, 11, isAfterFlush: false),
        .endBatch(1),
        .wake(at: .at(47))
      ),
    ]

  static let all = slowStatements + callers + failures + losses

  @Test("line by line", arguments: all)
  func lines(_ transcript: Transcript<ReadPipelineMachine>) { transcript.check() }

  private enum Events: CaseIterable {
    case submitted, abandoned, turnEnded, answered, drained, cancelEnded, lost, opened, openFailed, identified
    case serverIs, serverSuspected, timePassed, close

    /// Does not compile when there is an event that this list lacks.
    init(_ event: ReadPipelineMachine.Event) {
      self =
        switch event {
        case .submitted: .submitted
        case .abandoned: .abandoned
        case .turnEnded: .turnEnded
        case .answered: .answered
        case .drained: .drained
        case .cancelEnded: .cancelEnded
        case .lost: .lost
        case .opened: .opened
        case .openFailed: .openFailed
        case .identified: .identified
        case .serverIs: .serverIs
        case .serverSuspected: .serverSuspected
        case .timePassed: .timePassed
        case .close: .close
        }
    }
  }

  private enum Actions: CaseIterable {
    case planTurnEnd, open, setUp, execute, endBatch, tell, refuse, prepareAgain, cancel, close,
      suspectServer, wake

    init(_ action: ReadPipelineMachine.Action) {
      self =
        switch action {
        case .planTurnEnd: .planTurnEnd
        case .open: .open
        case .setUp: .setUp
        case .execute: .execute
        case .endBatch: .endBatch
        case .tell: .tell
        case .refuse: .refuse
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
