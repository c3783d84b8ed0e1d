import Testing
import Time

@testable import Postgres

/// What all machines have in common.
protocol Machine: Sendable, Equatable {
  associatedtype Event: Sendable, Equatable
  associatedtype Action: Sendable, Equatable
  mutating func on(_ event: Event, at now: MonotonicInstant) -> Action?
  mutating func next(at now: MonotonicInstant) -> Action?
}

extension SessionMachine: Machine {}
extension ReadPipelineMachine: Machine {}
extension LeaseMachine: Machine {}

/// What a machine is told, line by line, and what it decides.
struct Transcript<Subject: Machine>: Sendable, CustomTestStringConvertible {
  struct Line: Sendable {
    let milliseconds: Int
    let event: Subject.Event
    let actions: [Subject.Action]

    init(_ milliseconds: Int, _ event: Subject.Event, _ actions: Subject.Action...) {
      self.milliseconds = milliseconds
      self.event = event
      self.actions = actions
    }
  }

  let testDescription: String
  let machine: Subject
  let lines: [Line]

  init(_ title: String, _ machine: Subject, _ lines: [Line]) {
    testDescription = title
    self.machine = machine
    self.lines = lines
  }

  func check() {
    var machine = machine
    for (number, line) in lines.enumerated() {
      let now = MonotonicInstant.at(line.milliseconds)
      var actions: [Subject.Action] = []
      var action = machine.on(line.event, at: now)
      while let next = action {
        actions.append(next)
        action = machine.next(at: now)
      }
      #expect(actions == line.actions, "\(testDescription), line \(number + 1): \(line.event)")
    }
  }
}

extension MonotonicInstant {
  /// So many milliseconds after a transcript's start.
  static func at(_ milliseconds: Int) -> MonotonicInstant {
    MonotonicInstant(nanoseconds: UInt64(1000 + milliseconds) * 1_000_000)
  }
}

extension StatementID: ExpressibleByIntegerLiteral {
  public init(integerLiteral value: UInt32) { self.init(value) }
}

extension SessionNumber: ExpressibleByIntegerLiteral {
  public init(integerLiteral value: UInt32) { self.init(value) }
}
