import Testing
import Time

@testable import RestrictedPatientsModule

/// Stories: one event and one expected action a line, with time moved by hand.
@Suite("An external change's transcripts")
struct ExternalChangeTranscriptTests {
  typealias Event = ExternalChange.Event
  typealias Action = ExternalChange.Action
  typealias State = ExternalChange.State

  static let start = MonotonicInstant(nanoseconds: 1_000_000_000_000)
  static let deadline = start + .seconds(60)

  struct Line: Sendable {
    /// Since the start.
    let time: Duration
    let event: Event
    let action: Action

    init(_ milliseconds: Int, _ event: Event, _ action: Action) {
      (time, self.event, self.action) = (.milliseconds(milliseconds), event, action)
    }
  }

  struct Transcript: Sendable, CustomTestStringConvertible {
    let name: String
    var operation = ExternalChange.Operation.remove
    var upstreamTimeout = Duration.seconds(20)
    let end: State?
    let lines: [Line]

    var testDescription: String { name }
  }

  private static func intend(_ pause: Int = 0, lifetime: Int = 80_000) -> Action {
    .intend(after: .milliseconds(pause), lifetime: .milliseconds(lifetime), before: deadline)
  }

  private static func record(
    _ pause: Int = 0,
    _ attempt: Int = 1,
    settlesEarlier: Bool = false,
    before end: Int
  ) -> Action {
    .record(
      after: .milliseconds(pause),
      attempt: attempt,
      settlesEarlier: settlesEarlier,
      before: start + .milliseconds(end)
    )
  }

  static let transcripts = [
    Transcript(
      name: "is checked, told and recorded",
      operation: .add,
      end: .recorded,
      lines: [
        Line(0, .requested, intend()), Line(5, .written(afterUnknown: false), .check(before: deadline)),
        Line(90, .checked, .tell(before: deadline)), Line(300, .done, record(before: 10_300)),
        Line(310, .committed, .answer),
      ]
    ),
    Transcript(
      name: "that a rule does not admit has no row, and is answered",
      end: .refused,
      lines: [Line(0, .requested, intend()), Line(5, .refused, .answer)]
    ),
    Transcript(
      name: "whose row may have been written lets it go, and tells nobody",
      end: .refused,
      lines: [Line(0, .requested, intend()), Line(5, .uncertain, .refuse)]
    ),
    Transcript(
      name: "that a check refuses lets its row go",
      end: .refused,
      lines: [
        Line(0, .requested, intend()), Line(5, .written(afterUnknown: false), .check(before: deadline)),
        Line(90, .refused, .refuse),
      ]
    ),
    Transcript(
      name: "waits for another's, with growing pauses, and is then made itself",
      end: .recorded,
      lines: [
        Line(0, .requested, intend()), Line(5, .busy, intend(20, lifetime: 79_975)),
        Line(30, .busy, intend(40, lifetime: 79_930)), Line(75, .busy, intend(80, lifetime: 79_845)),
        Line(160, .written(afterUnknown: false), .check(before: deadline)),
        Line(170, .checked, .tell(before: deadline)), Line(180, .done, record(before: 10_180)),
        // The pauses of the wait are none of the record's.
        Line(190, .databaseAway, record(50, 2, before: 10_180)), Line(250, .committed, .answer),
      ]
    ),
    Transcript(
      name: "that another has made meanwhile is answered as that other's",
      end: .settled,
      lines: [
        Line(0, .requested, intend()), Line(5, .busy, intend(20, lifetime: 79_975)),
        Line(30, .overtaken, .answer),
      ]
    ),
    Transcript(
      name: "waits no longer than a call of an upstream may take",
      end: .refused,
      lines: [
        Line(0, .requested, intend()), Line(19_979, .busy, intend(20, lifetime: 60_001)),
        Line(19_999, .busy, .answer),
      ]
    ),
    Transcript(
      name: "waits no longer than to a second before its caller's deadline",
      upstreamTimeout: .seconds(600),
      end: .refused,
      lines: [
        Line(0, .requested, intend()), Line(58_979, .busy, intend(20, lifetime: 21_001)),
        Line(58_999, .busy, .answer),
      ]
    ),
    Transcript(
      name: "that prison API refuses leaves nothing",
      end: .refused,
      lines: [
        Line(0, .requested, intend()), Line(5, .written(afterUnknown: false), .check(before: deadline)),
        Line(90, .checked, .tell(before: deadline)), Line(300, .refused, .refuse),
      ]
    ),
    Transcript(
      name: "without an answer is unknown, until its event arrives",
      operation: .add,
      end: .settled,
      lines: [
        Line(0, .requested, intend()), Line(5, .written(afterUnknown: false), .check(before: deadline)),
        Line(90, .checked, .tell(before: deadline)),
        Line(20_090, .unanswered(cause: "timed out"), .markUnknown(because: "timed out")),
        Line(25_000, .decided(.event), .settle(.event)),
      ]
    ),
    Transcript(
      name: "of a process that died before the answer is unknown, until a person decides",
      operation: .add,
      end: .settled,
      lines: [
        Line(0, .requested, intend()), Line(5, .written(afterUnknown: false), .check(before: deadline)),
        Line(90, .checked, .tell(before: deadline)),
        Line(80_005, .expired, .markUnknown(because: ExternalChange.processEnded)),
        Line(600_000, .decided(.person("U")), .settle(.person("U"))),
      ]
    ),
    Transcript(
      name: "after one of unknown outcome asks, and records what prison API has, which settles the earlier",
      operation: .add,
      end: .recorded,
      lines: [
        Line(0, .requested, intend()), Line(5, .written(afterUnknown: true), .ask(before: deadline)),
        Line(90, .done, record(settlesEarlier: true, before: 10_090)),
        Line(100, .databaseAway, record(50, 2, settlesEarlier: true, before: 10_090)),
        Line(160, .committed, .answer),
      ]
    ),
    Transcript(
      name: "of a discharge after one of unknown outcome is not told, whatever prison API says",
      operation: .add,
      end: .refused,
      lines: [
        Line(0, .requested, intend()), Line(5, .written(afterUnknown: true), .ask(before: deadline)),
        Line(90, .absent, .refuse),
      ]
    ),
    Transcript(
      name: "of a removal after one of unknown outcome is told once prison API says that it has none",
      end: .recorded,
      lines: [
        Line(0, .requested, intend()), Line(5, .written(afterUnknown: true), .ask(before: deadline)),
        Line(90, .absent, .check(before: deadline)), Line(150, .checked, .tell(before: deadline)),
        Line(300, .done, record(settlesEarlier: true, before: 10_300)), Line(310, .committed, .answer),
      ]
    ),
    Transcript(
      name: "whose record something else has changed is settled",
      end: .settled,
      lines: [
        Line(0, .requested, intend()), Line(5, .written(afterUnknown: false), .check(before: deadline)),
        Line(90, .checked, .tell(before: deadline)), Line(300, .done, record(before: 10_300)),
        Line(310, .overtaken, .answer),
      ]
    ),
    Transcript(
      name: "is recorded though the database is away for six seconds",
      end: .recorded,
      lines: [
        Line(0, .requested, intend()), Line(5, .written(afterUnknown: false), .check(before: deadline)),
        Line(90, .checked, .tell(before: deadline)), Line(100, .done, record(before: 10_100)),
        Line(110, .databaseAway, record(50, 2, before: 10_100)),
        Line(170, .databaseAway, record(100, 3, before: 10_100)),
        Line(280, .databaseAway, record(200, 4, before: 10_100)),
        Line(490, .databaseAway, record(400, 5, before: 10_100)),
        Line(900, .databaseAway, record(800, 6, before: 10_100)),
        Line(1_710, .databaseAway, record(1_000, 7, before: 10_100)),
        Line(6_000, .databaseAway, record(1_000, 8, before: 10_100)), Line(7_010, .committed, .answer),
      ]
    ),
    Transcript(
      name: "is unknown once the database has been away for ten seconds",
      end: .unknown,
      lines: [
        Line(0, .requested, intend()), Line(5, .written(afterUnknown: false), .check(before: deadline)),
        Line(90, .checked, .tell(before: deadline)), Line(100, .done, record(before: 10_100)),
        Line(10_049, .databaseAway, record(50, 2, before: 10_100)),
        Line(10_099, .databaseAway, .markUnknown(because: ExternalChange.notRecorded)),
      ]
    ),
    Transcript(
      name: "that the database cannot hold is unknown at once",
      end: .unknown,
      lines: [
        Line(0, .requested, intend()), Line(5, .written(afterUnknown: false), .check(before: deadline)),
        Line(90, .checked, .tell(before: deadline)), Line(100, .done, record(before: 10_100)),
        Line(110, .databaseFailed, .markUnknown(because: ExternalChange.notRecorded)),
      ]
    ),
    Transcript(
      name: "of a process that was frozen past its time is not told",
      end: .refused,
      lines: [
        Line(0, .requested, intend()), Line(5, .written(afterUnknown: false), .check(before: deadline)),
        Line(60_000, .checked, .refuse),
      ]
    ),
    Transcript(
      name: "of a process that was frozen past its time is not recorded, though prison API has made it",
      end: .unknown,
      lines: [
        Line(0, .requested, intend()), Line(5, .written(afterUnknown: false), .check(before: deadline)),
        Line(90, .checked, .tell(before: deadline)),
        Line(70_000, .done, .markUnknown(because: ExternalChange.notRecorded)),
      ]
    ),
    Transcript(
      name: "that prison API answers at the last moment has time to be recorded",
      end: .unknown,
      lines: [
        Line(0, .requested, intend()), Line(5, .written(afterUnknown: false), .check(before: deadline)),
        Line(90, .checked, .tell(before: deadline)), Line(61_000, .done, record(before: 70_000)),
        Line(69_960, .databaseAway, .markUnknown(because: ExternalChange.notRecorded)),
      ]
    ),
    Transcript(
      name: "that is over takes no event any more",
      end: .refused,
      lines: [
        Line(0, .requested, intend()), Line(5, .refused, .answer), Line(6, .done, .giveUp(.refused, .done)),
      ]
    ),
  ]

  @Test("does next what each transcript says", arguments: transcripts)
  func transcript(_ transcript: Transcript) {
    var change = ExternalChange(
      transcript.operation,
      before: Self.deadline,
      upstreamTimeout: transcript.upstreamTimeout
    )
    for (index, line) in transcript.lines.enumerated() {
      #expect(change.on(line.event, at: Self.start + line.time) == line.action, "line \(index + 1)")
    }
    #expect(change.state == transcript.end)
  }

  @Test("hold every event, every action and every state")
  func complete() {
    let lines = Self.transcripts.flatMap(\.lines)
    #expect(Set(lines.map(\.event.name)) == Set(ExternalChange.Event.Name.allCases))
    #expect(Set(lines.map(\.action.name)) == Set(ExternalChange.Action.Name.allCases))
    let passed: Set = [State.intended, .told]
    #expect(Set(Self.transcripts.compactMap(\.end)) == Set(State.allCases).subtracting(passed))
  }

  @Test("keeps others out by its row for longer than any of its steps may take", arguments: [1, 5, 20, 40])
  func lifetime(timeout: Int) {
    var change = ExternalChange(.add, before: Self.deadline, upstreamTimeout: .seconds(timeout))
    guard case .intend(_, let lifetime, _)? = change.on(.requested, at: Self.start) else {
      Issue.record("no row is written")
      return
    }
    guard case .check(let end)? = change.on(.written(afterUnknown: false), at: Self.start) else {
      Issue.record("nothing is checked")
      return
    }
    #expect(end == min(Self.deadline, Self.start + .seconds(timeout * 3)))
    // The last step may end at its deadline, and the record takes its own time from then on.
    let told = change.on(.done, at: end)
    guard case .record(_, _, _, let recordEnd)? = told else {
      Issue.record("nothing is recorded")
      return
    }
    #expect(Self.start + lifetime >= recordEnd + .seconds(10))
  }
}

/// A case that is added does not compile until it has a name here, and has none in a transcript then.
extension ExternalChange.Event {
  enum Name: CaseIterable {
    case requested, busy, written, uncertain, checked, refused, absent, done, unanswered, committed
    case overtaken, databaseAway, databaseFailed, expired, decided
  }

  var name: Name {
    switch self {
    case .requested: .requested
    case .busy: .busy
    case .written: .written
    case .uncertain: .uncertain
    case .checked: .checked
    case .refused: .refused
    case .absent: .absent
    case .done: .done
    case .unanswered: .unanswered
    case .committed: .committed
    case .overtaken: .overtaken
    case .databaseAway: .databaseAway
    case .databaseFailed: .databaseFailed
    case .expired: .expired
    case .decided: .decided
    }
  }
}

extension ExternalChange.Action {
  enum Name: CaseIterable {
    case intend, check, ask, tell, record, refuse, markUnknown, settle, answer, giveUp
  }

  var name: Name {
    switch self {
    case .intend: .intend
    case .check: .check
    case .ask: .ask
    case .tell: .tell
    case .record: .record
    case .refuse: .refuse
    case .markUnknown: .markUnknown
    case .settle: .settle
    case .answer: .answer
    case .giveUp: .giveUp
    }
  }
}
