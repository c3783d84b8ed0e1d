public import Testing
public import Time

/// A machine that decides: an event brings an action, and more until there is none.
public protocol DecidingMachine: Equatable, Sendable {
  associatedtype Event: Sendable
  associatedtype Action: Equatable, Sendable

  /// - Returns: the first action; ``next(at:)`` has the others.
  mutating func on(_ event: Event, at now: MonotonicInstant) -> Action?
  /// - Returns: nil once there is nothing more to do.
  mutating func next(at now: MonotonicInstant) -> Action?
}

/// What a machine is told and what it does, one event a line, with the time moved by hand.
public struct Transcript<Machine: DecidingMachine>: Sendable, CustomTestStringConvertible {
  /// One event, and every action that it brings.
  public struct Line: Sendable {
    let milliseconds: Int
    let event: Machine.Event
    let actions: [Machine.Action]
    let location: SourceLocation
  }

  public let testDescription: String
  let machine: Machine
  let lines: [Line]

  public init(_ claim: String, _ machine: Machine, _ lines: [Line]) {
    testDescription = claim
    self.machine = machine
    self.lines = lines
  }

  /// A line.
  /// - Parameter milliseconds: of the clock when the event comes.
  public static func at(
    _ milliseconds: Int,
    _ event: Machine.Event,
    _ actions: Machine.Action...,
    location: SourceLocation = #_sourceLocation
  ) -> Line {
    Line(milliseconds: milliseconds, event: event, actions: actions, location: location)
  }

  /// Plays the lines.
  public func play() {
    var machine = machine
    for line in lines {
      let now = MonotonicInstant.at(line.milliseconds)
      var actions: [Machine.Action] = []
      var action = machine.on(line.event, at: now)
      while let each = action, actions.count < 1000 {
        actions.append(each)
        action = machine.next(at: now)
      }
      #expect(actions == line.actions, "at \(line.milliseconds)", sourceLocation: line.location)
    }
  }

  /// The events that occur.
  public var events: [Machine.Event] { lines.map(\.event) }

  /// The actions that occur.
  public var actions: [Machine.Action] { lines.flatMap(\.actions) }
}

extension MonotonicInstant {
  /// So many milliseconds of a clock that began at 0.
  public static func at(_ milliseconds: Int) -> MonotonicInstant {
    MonotonicInstant(nanoseconds: UInt64(milliseconds) * 1_000_000)
  }
}
