import Testing
import Time

@testable import RestrictedPatientsModule

/// What an external change does next, for each pair of state and event.
@Suite("An external change's table of transitions")
struct ExternalChangeTests {
  private typealias Event = ExternalChange.Event
  private typealias Action = ExternalChange.Action
  private typealias State = ExternalChange.State

  private static let start = MonotonicInstant(nanoseconds: 1_000_000_000_000)
  private static let deadline = start + .seconds(60)
  private static let recordEnd = start + .seconds(10)
  private static let person = ExternalChange.Settlement.person("U")

  /// Each with every fact that makes a difference.
  private static let events: [Event] = [
    .requested, .busy, .written(afterUnknown: false), .written(afterUnknown: true), .uncertain, .checked,
    .refused, .absent, .done, .unanswered(cause: "cut off"), .committed, .overtaken, .databaseAway,
    .databaseFailed, .expired, .decided(person),
  ]

  /// How each state is come to; none before the row is written.
  private static let ways: [(state: State?, events: [Event])] = [
    (nil, [.requested]),
    (.intended, [.requested, .written(afterUnknown: false)]),
    (.told, [.requested, .written(afterUnknown: false), .checked, .done]),
    (.recorded, [.requested, .written(afterUnknown: false), .checked, .done, .committed]),
    (.refused, [.requested, .written(afterUnknown: false), .refused]),
    (.unknown, [.requested, .written(afterUnknown: false), .checked, .unanswered(cause: "cut off")]),
    (.settled, [.requested, .written(afterUnknown: false), .checked, .done, .overtaken]),
  ]

  private struct Row {
    let state: State?
    let event: Event
    let next: State?
    let action: Action

    init(_ state: State?, _ event: Event, _ next: State?, _ action: Action) {
      (self.state, self.event, self.next, self.action) = (state, event, next, action)
    }
  }

  private static func intend(_ pause: Int) -> Action {
    .intend(after: .milliseconds(pause), lifetime: .seconds(80) - .milliseconds(pause), before: deadline)
  }

  /// Every pair that is not refused, of a removal.
  private static let table = [
    Row(nil, .requested, nil, intend(0)),
    Row(nil, .busy, nil, intend(20)),
    Row(nil, .written(afterUnknown: false), .intended, .check(before: deadline)),
    Row(nil, .written(afterUnknown: true), .intended, .ask(before: deadline)),
    Row(nil, .uncertain, .refused, .refuse),
    Row(nil, .refused, .refused, .answer),
    Row(nil, .overtaken, .settled, .answer),
    Row(.intended, .checked, .intended, .tell(before: deadline)),
    Row(.intended, .absent, .intended, .check(before: deadline)),
    Row(.intended, .refused, .refused, .refuse),
    Row(.intended, .unanswered(cause: "cut off"), .unknown, .markUnknown(because: "cut off")),
    Row(
      .intended,
      .done,
      .told,
      .record(after: .zero, attempt: 1, settlesEarlier: false, before: recordEnd)
    ),
    Row(
      .intended,
      .expired,
      .unknown,
      .markUnknown(because: "the gateway stopped before the answer came")
    ),
    Row(.told, .committed, .recorded, .answer),
    Row(.told, .overtaken, .settled, .answer),
    Row(
      .told,
      .databaseAway,
      .told,
      .record(after: .milliseconds(50), attempt: 2, settlesEarlier: false, before: recordEnd)
    ),
    Row(
      .told,
      .databaseFailed,
      .unknown,
      .markUnknown(because: "prison API has done it, but the record could not be changed")
    ),
    Row(.told, .expired, .unknown, .markUnknown(because: "the gateway stopped before the answer came")),
    Row(.unknown, .decided(person), .settled, .settle(person)),
  ]

  private static func change(
    _ way: [Event],
    _ operation: ExternalChange.Operation = .remove
  ) -> ExternalChange {
    var change = ExternalChange(operation, before: deadline, upstreamTimeout: .seconds(20))
    for event in way { _ = change.on(event, at: start) }
    return change
  }

  @Test("has each pair of a state and an event, or refuses it and stays as it is")
  func transitions() {
    #expect(Self.ways.compactMap(\.state).count == State.allCases.count)
    var rows = 0
    for (state, way) in Self.ways {
      for event in Self.events {
        var change = Self.change(way)
        #expect(change.state == state)
        let before = change
        let action = change.on(event, at: Self.start)
        guard let row = Self.table.first(where: { $0.state == state && $0.event == event }) else {
          #expect(action == .giveUp(state, event))
          #expect(change == before)
          continue
        }
        rows += 1
        #expect(action == row.action, "\(String(describing: state)), \(event)")
        #expect(change.state == row.next, "\(String(describing: state)), \(event)")
      }
    }
    #expect(rows == Self.table.count)
  }

  @Test("differs in one row between its kinds: a discharge is never told twice")
  func additions() {
    for (state, way) in Self.ways {
      for event in Self.events {
        var (addition, removal) = (Self.change(way, .add), Self.change(way, .remove))
        let actions = (addition.on(event, at: Self.start), removal.on(event, at: Self.start))
        guard state == .intended, event == .absent else {
          #expect(actions.0 == actions.1)
          continue
        }
        #expect(actions.0 == .refuse)
        #expect(addition.state == .refused)
        #expect(actions.1 == .check(before: Self.deadline))
      }
    }
  }

  @Test("ends with the actions after which nothing comes, and with no other")
  func lastActions() {
    for (_, way) in Self.ways {
      for event in Self.events {
        var change = Self.change(way)
        let action = change.on(event, at: Self.start)
        if case .giveUp = action { continue }
        let isOver = [.recorded, .refused, .unknown, .settled].contains(change.state)
        #expect(action?.isLast == isOver, "\(event)")
      }
    }
  }

  @Test("can be taken up where others have left it")
  func left() {
    for state in State.allCases {
      var change = ExternalChange(.add, left: state)
      let action = change.on(.decided(Self.person), at: Self.start)
      #expect(action == (state == .unknown ? .settle(Self.person) : .giveUp(state, .decided(Self.person))))
    }
    var died = ExternalChange(.add, left: .told)
    #expect(died.on(.expired, at: Self.start) == .markUnknown(because: ExternalChange.processEnded))
    #expect(died.on(.decided(.event), at: Self.start) == .settle(.event))
    #expect(died.state == .settled)
  }
}
