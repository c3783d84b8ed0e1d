import HTTPTypes
import Testing
import Time

@testable import HTTPTransport

private typealias Event = ConnectionMachine.Event
private typealias Action = ConnectionMachine.Action

/// What happens to a connection, and what it does at each step. Times are in seconds since it was taken.
struct ConnectionTranscript: Sendable, CustomTestStringConvertible {
  struct Line: Sendable {
    let second: Double
    let event: ConnectionMachine.Event
    let action: ConnectionMachine.Action?
  }

  let testDescription: String
  let lines: [Line]

  fileprivate init(_ name: String, _ lines: [(Double, Event, Action?)]) {
    testDescription = name
    self.lines = lines.map { Line(second: $0.0, event: $0.1, action: $0.2) }
  }
}

private func at(_ second: Double) -> MonotonicInstant {
  MonotonicInstant(nanoseconds: UInt64((1000 + second) * 1_000_000_000))
}

private let get = ConnectionMachine.Head()
private let last = ConnectionMachine.Head(keepsAlive: false)
private let post = ConnectionMachine.Head(hasBody: true)
private let malformed = RequestRefusal.badRequest("no target")

/// The ways of a request that each connection begins with, at second 0.
private let firstAnswer: [(Double, Event, Action?)] = [
  (0, .opened(isEncrypted: false), .parse),
  (0, .noHead(hasInput: false), .flush),
  (0, .flushed(left: 0), .receive(before: at(75), isIdle: true)),
  (1, .received, .parse),
  (1, .head(get, isCrowded: false), .answer(before: at(31))),
  (2, .answered(asksToClose: false, isAuthenticated: false), .encode(closes: false)),
  (2, .encoded(unsentBytes: 300, hasInput: false), .parse),
]

private let idle: [(Double, Event, Action?)] =
  firstAnswer + [
    (2, .noHead(hasInput: false), .flush),
    (2, .flushed(left: 0), .receive(before: at(77), isIdle: true)),
  ]

private let ordinary: [ConnectionTranscript] = [
  ConnectionTranscript(
    "A client that asks, waits, and goes",
    idle + [(40, .inputEnded, .end), (41, .cut, nil)]
  ),
  ConnectionTranscript("An idle connection ends without a word", idle + [(77, .timedOut, .end)]),
  ConnectionTranscript("A connection that breaks is closed", idle + [(50, .broken, .end)]),
  ConnectionTranscript(
    "A head has ten seconds from its first byte, however it is cut",
    [
      (0, .opened(isEncrypted: false), .parse),
      (0, .noHead(hasInput: true), .flush),
      (0, .flushed(left: 0), .receive(before: at(10), isIdle: false)),
      (9, .received, .parse),
      (9, .noHead(hasInput: true), .flush),
      (9, .flushed(left: 0), .receive(before: at(10), isIdle: false)),
      (10, .timedOut, .refuse(.timeout)),
      (10, .encoded(unsentBytes: 200, hasInput: true), .flush),
      (10, .flushed(left: 0), .linger(LingeringClose(isWithinBody: true, now: at(10)))),
      (12, .lingered, .end),
    ]
  ),
  ConnectionTranscript(
    "What is no request is refused, and nothing behind it is looked at",
    [
      (0, .opened(isEncrypted: false), .parse),
      (0, .refused(malformed), .refuse(malformed)),
      (0, .encoded(unsentBytes: 200, hasInput: true), .flush),
      (0, .flushed(left: 0), .linger(LingeringClose(isWithinBody: true, now: at(0)))),
    ]
  ),
  ConnectionTranscript(
    "A client that asks for the end gets it with the answer",
    [
      (0, .opened(isEncrypted: false), .parse),
      (0, .head(last, isCrowded: false), .answer(before: at(30))),
      (0, .answered(asksToClose: false, isAuthenticated: false), .encode(closes: true)),
      (0, .encoded(unsentBytes: 300, hasInput: false), .flush),
      (0, .flushed(left: 0), .end),
    ]
  ),
  ConnectionTranscript(
    "A responder that asks for the end gets it, and the client may still be sending",
    [
      (0, .opened(isEncrypted: false), .parse),
      (0, .head(get, isCrowded: false), .answer(before: at(30))),
      (0, .answered(asksToClose: true, isAuthenticated: false), .encode(closes: true)),
      (0, .encoded(unsentBytes: 300, hasInput: false), .flush),
      (0, .flushed(left: 0), .linger(LingeringClose(isWithinBody: false, now: at(0)))),
    ]
  ),
  ConnectionTranscript(
    "Many bytes ready are sent before the next request is read, and others go first",
    [
      (0, .opened(isEncrypted: false), .parse),
      (0, .head(get, isCrowded: false), .answer(before: at(30))),
      (0, .answered(asksToClose: false, isAuthenticated: false), .encode(closes: false)),
      (0, .encoded(unsentBytes: 65_537, hasInput: true), .flush),
      (0, .flushed(left: 0), .waitForTurn(.spare)),
      (1, .turn, .parse),
    ]
  ),
  ConnectionTranscript(
    "TLS is agreed within the time of a head",
    [(0, .opened(isEncrypted: true), .secure(before: at(10))), (1, .secured, .parse)]
  ),
  ConnectionTranscript(
    "TLS that is not agreed ends the connection",
    [(0, .opened(isEncrypted: true), .secure(before: at(10))), (1, .broken, .end)]
  ),
  ConnectionTranscript(
    "What can not happen ends this one connection",
    idle + [(3, .secured, .end), (4, .turn, nil)]
  ),
]

private let bodies: [ConnectionTranscript] = [
  ConnectionTranscript(
    "A body that nobody reads is dropped behind the answer",
    [
      (0, .opened(isEncrypted: false), .parse),
      (0, .head(post, isCrowded: false), .answer(before: at(30))),
      (0, .answered(asksToClose: false, isAuthenticated: false), .discardReceived),
      (0, .receivedDiscarded(.pending), .encode(closes: false)),
      (0, .encoded(unsentBytes: 300, hasInput: false), .flush),
      (0, .flushed(left: 0), .discardRest),
      (1, .restDiscarded(isComplete: true, isCutShort: false), .parse),
    ]
  ),
  ConnectionTranscript(
    "A body that does not end closes the connection once it is answered",
    [
      (0, .opened(isEncrypted: false), .parse),
      (0, .head(post, isCrowded: false), .answer(before: at(30))),
      (0, .answered(asksToClose: false, isAuthenticated: false), .discardReceived),
      (0, .receivedDiscarded(.pending), .encode(closes: false)),
      (0, .encoded(unsentBytes: 300, hasInput: false), .flush),
      (0, .flushed(left: 0), .discardRest),
      (20, .restDiscarded(isComplete: false, isCutShort: false), .flush),
      (20, .flushed(left: 0), .linger(LingeringClose(isWithinBody: true, now: at(20)))),
    ]
  ),
  ConnectionTranscript(
    "A body that can not be got past closes the connection with the answer",
    [
      (0, .opened(isEncrypted: false), .parse),
      (0, .head(post, isCrowded: false), .answer(before: at(30))),
      (0, .answered(asksToClose: false, isAuthenticated: false), .discardReceived),
      (0, .receivedDiscarded(.unreadable), .encode(closes: true)),
      (0, .encoded(unsentBytes: 300, hasInput: false), .flush),
      (0, .flushed(left: 0), .linger(LingeringClose(isWithinBody: true, now: at(0)))),
    ]
  ),
  ConnectionTranscript(
    "A malformed body is refused in place of its answer",
    [
      (0, .opened(isEncrypted: false), .parse),
      (0, .head(post, isCrowded: false), .answer(before: at(30))),
      (0, .answered(asksToClose: false, isAuthenticated: false), .discardReceived),
      (0, .receivedDiscarded(.malformed("bad chunk")), .refuse(.badRequest("bad chunk"))),
    ]
  ),
  ConnectionTranscript(
    "The body of a question to the server goes before its answer",
    [
      (0, .opened(isEncrypted: false), .parse),
      (0, .head(.init(hasBody: true, isServerWide: true), isCrowded: false), .discardRest),
      (1, .restDiscarded(isComplete: true, isCutShort: false), .encode(closes: false)),
      (1, .encoded(unsentBytes: 300, hasInput: false), .parse),
      (1, .head(.init(isServerWide: true), isCrowded: false), .encode(closes: false)),
      (1, .encoded(unsentBytes: 600, hasInput: false), .parse),
      (2, .head(.init(hasBody: true, isServerWide: true), isCrowded: false), .discardRest),
      (
        3, .restDiscarded(isComplete: false, isCutShort: true),
        .refuse(.badRequest("the connection ended within the body"))
      ),
    ]
  ),
]

private let pressed: [ConnectionTranscript] = [
  ConnectionTranscript(
    "A slow client has thirty seconds for each piece, and more for what it takes at the least rate",
    firstAnswer + [
      (2, .noHead(hasInput: false), .flush),
      (2, .flushed(left: 50_000), .flushSome(before: at(32))),
      (20, .taken(bytes: 10_000, left: 40_000), .flushSome(before: at(50))),
      (45, .taken(bytes: 40_000, left: 0), .receive(before: at(120), isIdle: true)),
    ]
  ),
  ConnectionTranscript(
    "A client that takes nothing is given up",
    firstAnswer + [
      (2, .noHead(hasInput: false), .flush),
      (2, .flushed(left: 50_000), .flushSome(before: at(32))),
      (32, .broken, .end),
    ]
  ),
  ConnectionTranscript(
    "In a crowd a stranger's first request waits for a long step, and each further one for spare time",
    [
      (0, .opened(isEncrypted: false), .parse),
      (0, .head(get, isCrowded: true), .waitForTurn(.newcomer)),
      (1, .turn, .answer(before: at(31))),
      (1, .answered(asksToClose: false, isAuthenticated: false), .encode(closes: false)),
      (1, .encoded(unsentBytes: 300, hasInput: true), .parse),
      (1, .head(get, isCrowded: true), .waitForTurn(.further)),
      (3, .turn, .answer(before: at(33))),
      (3, .answered(asksToClose: false, isAuthenticated: true), .encode(closes: false)),
      (3, .encoded(unsentBytes: 300, hasInput: true), .parse),
      (3, .head(get, isCrowded: true), .answer(before: at(33))),
    ]
  ),
  ConnectionTranscript(
    "A request that takes too long is given up with a 503",
    [
      (0, .opened(isEncrypted: false), .parse),
      (0, .head(get, isCrowded: false), .answer(before: at(30))),
      (30, .overdue(isReadingBody: false), .expire),
      (31, .answered(asksToClose: false, isAuthenticated: false), nil),
    ]
  ),
  ConnectionTranscript(
    "A body that is still being read answers for itself",
    [
      (0, .opened(isEncrypted: false), .parse),
      (0, .head(post, isCrowded: false), .answer(before: at(30))),
      (30, .overdue(isReadingBody: true), .setRequestTimer(at: at(31))),
      (30, .answered(asksToClose: false, isAuthenticated: false), .discardReceived),
      (31, .overdue(isReadingBody: false), nil),
    ]
  ),
  ConnectionTranscript(
    "Others take the room of an idle connection",
    idle + [(3, .roomIsNeeded(hasUnreadInput: true), nil), (4, .roomIsNeeded(hasUnreadInput: false), .end)]
  ),
  ConnectionTranscript(
    "Others do not take the room of a connection whose first request nobody has read",
    [(0, .roomIsNeeded(hasUnreadInput: true), nil), (0, .roomIsNeeded(hasUnreadInput: false), .end)]
  ),
  ConnectionTranscript(
    "A server that ends closes idle connections, but for those whose request has come",
    idle + [
      (3, .drain(.announcing, hasUnreadInput: false), nil),
      (4, .drain(.finishing, hasUnreadInput: true), nil),
      (4, .received, .parse),
      (4, .head(get, isCrowded: false), .answer(before: at(34))),
      (4, .answered(asksToClose: false, isAuthenticated: false), .encode(closes: true)),
    ]
  ),
  ConnectionTranscript(
    "A server that ends lets no connection go idle again",
    firstAnswer + [
      (2, .drain(.finishing, hasUnreadInput: false), nil),
      (2, .noHead(hasInput: false), .flush),
      (2, .flushed(left: 0), .lookForInput),
      (2, .input(isThere: true), .receive(before: at(77), isIdle: true)),
      (2, .drain(.closing, hasUnreadInput: false), .end),
    ]
  ),
  ConnectionTranscript(
    "A connection that is cut does nothing more",
    idle + [(3, .cut, .end), (3, .received, nil)]
  ),
]

@Suite("A connection's machine")
struct ConnectionMachineTests {
  static let transcripts = ordinary + bodies + pressed

  private static func machine() -> ConnectionMachine {
    var configuration = HTTPServerConfiguration()
    configuration.minimumBodyBytesPerSecond = 500
    return ConnectionMachine(ConnectionMachine.Settings(configuration), at: at(0))
  }

  @Test("Each event has its action", arguments: transcripts)
  func transcript(_ transcript: ConnectionTranscript) {
    var machine = Self.machine()
    for line in transcript.lines {
      #expect(machine.on(line.event, at: at(line.second)) == line.action, "at \(line.second), \(line.event)")
    }
  }

  @Test("The most pipelined answers are sent together")
  func pipelined() {
    var machine = Self.machine()
    _ = machine.on(.opened(isEncrypted: false), at: at(0))
    for number in 1...32 {
      #expect(machine.on(.head(get, isCrowded: false), at: at(0)) == .answer(before: at(30)))
      _ = machine.on(.answered(asksToClose: false, isAuthenticated: false), at: at(0))
      let action = machine.on(.encoded(unsentBytes: 100 * number, hasInput: true), at: at(0))
      #expect(action == (number < 32 ? .parse : .flush))
    }
    #expect(machine.on(.flushed(left: 0), at: at(0)) == .waitForTurn(.spare))
  }

  @Test("Every event and every action stands in a transcript")
  func complete() {
    let lines = Self.transcripts.flatMap(\.lines)
    #expect(Set(lines.map { EventKind($0.event) }) == Set(EventKind.allCases))
    #expect(Set(lines.compactMap { $0.action.map(ActionKind.init) }) == Set(ActionKind.allCases))
  }
}

/// A further case of an event does not compile here until it has a kind, and the kind asks for a transcript.
private enum EventKind: CaseIterable {
  case opened, secured, head, noHead, refused, received, inputEnded, timedOut, broken, turn, input, answered
  case receivedDiscarded, restDiscarded, encoded, flushed, taken, lingered, drain, roomIsNeeded, overdue, cut

  init(_ event: Event) {
    self =
      switch event {
      case .opened: .opened
      case .secured: .secured
      case .head: .head
      case .noHead: .noHead
      case .refused: .refused
      case .received: .received
      case .inputEnded: .inputEnded
      case .timedOut: .timedOut
      case .broken: .broken
      case .turn: .turn
      case .input: .input
      case .answered: .answered
      case .receivedDiscarded: .receivedDiscarded
      case .restDiscarded: .restDiscarded
      case .encoded: .encoded
      case .flushed: .flushed
      case .taken: .taken
      case .lingered: .lingered
      case .drain: .drain
      case .roomIsNeeded: .roomIsNeeded
      case .overdue: .overdue
      case .cut: .cut
      }
  }
}

private enum ActionKind: CaseIterable {
  case secure, parse, receive, waitForTurn, lookForInput, answer, discardReceived, discardRest, encode, refuse
  case flush, flushSome, linger, setRequestTimer, expire, end

  init(_ action: Action) {
    self =
      switch action {
      case .secure: .secure
      case .parse: .parse
      case .receive: .receive
      case .waitForTurn: .waitForTurn
      case .lookForInput: .lookForInput
      case .answer: .answer
      case .discardReceived: .discardReceived
      case .discardRest: .discardRest
      case .encode: .encode
      case .refuse: .refuse
      case .flush: .flush
      case .flushSome: .flushSome
      case .linger: .linger
      case .setRequestTimer: .setRequestTimer
      case .expire: .expire
      case .end: .end
      }
  }
}
