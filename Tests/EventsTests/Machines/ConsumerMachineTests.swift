import TestKit
import Testing
import Time

@testable import Events

extension ConsumerMachine: DecidingMachine {}

@Suite("The consumer's machine") struct ConsumerMachineTests {
  typealias Consumer = Transcript<ConsumerMachine>

  @Test("Transcripts", arguments: all) func transcript(_ transcript: Consumer) { transcript.play() }

  @Test("Every event and every action is in a transcript") func coverage() {
    #expect(Set(Self.all.flatMap(\.events).map(\.kind)) == Set(ConsumerMachine.Event.Kind.allCases))
    #expect(Set(Self.all.flatMap(\.actions).map(\.kind)) == Set(ConsumerMachine.Action.Kind.allCases))
  }

  @Test("What it has counted, and how long the queue has been silent") func statistics() {
    var machine = Self.machine(RetryPolicy([1])) { $0.maximumInFlight = 1 }
    func on(_ milliseconds: Int, _ event: ConsumerMachine.Event) {
      var action = machine.on(event, at: .at(milliseconds))
      while action != nil { action = machine.next(at: .at(milliseconds)) }
    }
    on(0, .started)
    on(5, .told(visibilityTimeout: .seconds(30), maxReceiveCount: 2))
    #expect(machine.silence(at: .at(500)) == .milliseconds(500))
    on(600, .pollFailed)
    on(1600, .timer)
    on(1700, .received([Self.arrival(1, count: 2)]))
    // There is no room to poll: that is not silence.
    #expect(machine.silence(at: .at(9000)) == .zero)
    on(9000, .failed(1, isPassing: false))
    on(9001, .told(visibilityTimeout: .seconds(30), maxReceiveCount: 2))
    #expect(machine.inFlight == 1)
    on(9002, .retryScheduled(1))
    #expect(machine.silence(at: .at(9102)) == .milliseconds(100))
    on(9200, .received([Self.arrival(2)]))
    on(9300, .handled(2))
    #expect(machine.counts.handled == 1 && machine.counts.failed == 1)
    #expect(machine.counts.deadLettered == 1 && machine.counts.failedPolls == 1)
    #expect(machine.inFlight == 0)
  }

  private static func machine(
    _ policy: RetryPolicy = .growing,
    hasDeadLetters: Bool = true,
    _ configure: (inout ConsumerSettings) -> Void = { _ in }
  ) -> ConsumerMachine {
    var settings = ConsumerSettings()
    configure(&settings)
    return ConsumerMachine(settings, retryPolicy: policy, hasDeadLetters: hasDeadLetters, jitter: .none)
  }

  private static func arrival(
    _ number: UInt64,
    _ message: String? = nil,
    count: Int = 1,
    type: String? = nil,
    isTypeReadable: Bool = true
  ) -> ConsumerMachine.Arrival {
    ConsumerMachine.Arrival(
      number: number,
      message: message ?? "m\(number)",
      receiveCount: count,
      eventType: type,
      isTypeReadable: isTypeReadable
    )
  }

  private static func ask(before: Int) -> ConsumerMachine.Action { .ask(before: .at(before)) }

  private static func poll(_ limit: Int = 10, before: Int) -> ConsumerMachine.Action {
    .poll(limit: limit, wait: .seconds(10), before: .at(before))
  }

  private static func told(_ maximum: Int? = 3, visibility: Duration = .seconds(30)) -> ConsumerMachine.Event
  {
    .told(visibilityTimeout: visibility, maxReceiveCount: maximum)
  }

  private static func retry(
    _ number: UInt64,
    _ seconds: Int,
    isLast: Bool = false,
    _ maximum: Int?,
    before: Int
  )
    -> ConsumerMachine.Action
  {
    .retry(number, .init(seconds: seconds, isLast: isLast), maxReceiveCount: maximum, before: .at(before))
  }

  private static func sleep(_ until: Int) -> ConsumerMachine.Action { .sleep(until: .at(until)) }

  static let all: [Consumer] = receiving + failing + stopping

  private static let receiving: [Consumer] = [
    Consumer(
      "messages are handled, kept hidden meanwhile, and deleted together after a while",
      machine(),
      [
        Consumer.at(0, .started, ask(before: 10_000)),
        Consumer.at(5, told(), poll(before: 20_005)),
        Consumer.at(
          100,
          .received([arrival(1), arrival(2)]),
          .handle(1),
          .handle(2),
          poll(8, before: 20_100),
          sleep(15_100)
        ),
        Consumer.at(150, .handled(1), sleep(1150)),
        Consumer.at(1150, .timer, .delete([1], before: .at(11_150)), sleep(15_100)),
        Consumer.at(1160, .deleted([1], failed: [])),
        Consumer.at(
          15_100,
          .timer,
          .extend(2, by: .seconds(30), before: .at(45_100)),
          sleep(30_100)
        ),
        Consumer.at(
          30_100,
          .timer,
          .extend(2, by: .seconds(30), before: .at(60_100)),
          sleep(45_100)
        ),
        Consumer.at(40_000, .handled(2), sleep(41_000)),
      ]
    ),
    Consumer(
      "as many as one call deletes are deleted at once; what could not be is tried three times, and not at once",
      machine {
        $0.acknowledgementBatch = 2
        $0.maximumInFlight = 3
      },
      [
        Consumer.at(0, .started, ask(before: 10_000)),
        Consumer.at(5, told(), poll(3, before: 20_005)),
        Consumer.at(
          100,
          .received([arrival(1), arrival(2), arrival(3)]),
          .handle(1),
          .handle(2),
          .handle(3),
          sleep(15_100)
        ),
        Consumer.at(150, .handled(1), poll(1, before: 20_150), sleep(1150)),
        Consumer.at(160, .handled(2), .delete([1, 2], before: .at(10_160))),
        Consumer.at(200, .deleted([1, 2], failed: [2])),
        Consumer.at(1150, .timer, sleep(1200)),
        Consumer.at(1200, .timer, .delete([2], before: .at(11_200)), sleep(15_100)),
        Consumer.at(1300, .deleted([2], failed: [2]), sleep(2300)),
        Consumer.at(1400, .deleted([2], failed: [2])),
        Consumer.at(2300, .timer, .delete([2], before: .at(12_300)), sleep(15_100)),
        Consumer.at(2400, .deleted([2], failed: [2]), .forget([2])),
      ]
    ),
    Consumer(
      "polls that fail are tried again after growing pauses, as are those that bring nothing at once",
      machine(),
      [
        Consumer.at(0, .started, ask(before: 10_000)),
        Consumer.at(5, .notTold, poll(before: 20_005)),
        Consumer.at(10, .pollFailed, sleep(1010)),
        // It has never told, so it is asked again.
        Consumer.at(1010, .timer, ask(before: 11_010)),
        Consumer.at(1015, told(), poll(before: 21_015)),
        Consumer.at(1020, .pollFailed, sleep(3020)),
        Consumer.at(3020, .timer, poll(before: 23_020)),
        // It has waited as long as it may: no pause.
        Consumer.at(13_020, .received([]), poll(before: 33_020)),
        Consumer.at(13_030, .received([]), sleep(14_030)),
        Consumer.at(14_030, .timer, poll(before: 34_030)),
        Consumer.at(14_040, .received([]), sleep(16_040)),
        Consumer.at(16_040, .timer, poll(before: 36_040)),
        Consumer.at(16_050, .received([arrival(1)]), .handle(1), poll(9, before: 36_050), sleep(31_050)),
        Consumer.at(16_060, .received([]), sleep(17_060)),
      ]
    ),
    Consumer(
      "no more are taken than may be in flight, and the next poll asks for as many as there is room for",
      machine { $0.maximumInFlight = 2 },
      [
        Consumer.at(0, .started, ask(before: 10_000)),
        Consumer.at(5, told(), poll(2, before: 20_005)),
        Consumer.at(10, .received([arrival(1), arrival(2)]), .handle(1), .handle(2), sleep(15_010)),
        Consumer.at(20, .handled(2), poll(1, before: 20_020), sleep(1020)),
      ]
    ),
    Consumer(
      "the queue is asked again every minute, and when a message comes again while it is handled",
      machine(),
      [
        Consumer.at(0, .started, ask(before: 10_000)),
        Consumer.at(5, told(), poll(before: 20_005)),
        Consumer.at(10, .received([arrival(1, "a")]), .handle(1), poll(9, before: 20_010), sleep(15_010)),
        Consumer.at(
          20,
          .received([arrival(2, "a", count: 2)]),
          .handle(2),
          ask(before: 10_020),
          poll(8, before: 20_020)
        ),
        Consumer.at(25, told(visibility: .seconds(2))),
        Consumer.at(30, .received([arrival(3)]), .handle(3), poll(7, before: 20_030), sleep(1030)),
        Consumer.at(1030, .timer, .extend(3, by: .seconds(2), before: .at(3030)), sleep(2030)),
        Consumer.at(1040, .handled(1)),
        Consumer.at(1041, .handled(2)),
        Consumer.at(1042, .handled(3)),
        Consumer.at(
          60_026,
          .received([]),
          .delete([1, 2, 3], before: .at(70_026)),
          ask(before: 70_026),
          poll(before: 80_026)
        ),
      ]
    ),
  ]

  private static let failing: [Consumer] = [
    Consumer(
      "a message that failed is hidden for as long as its list says, once the queue has told its policy",
      machine(RetryPolicy([1, 10], eventTimeouts: ["moved": [5]])),
      [
        Consumer.at(0, .started, ask(before: 10_000)),
        Consumer.at(5, told(), poll(before: 20_005)),
        Consumer.at(10, .received([arrival(1)]), .handle(1), poll(9, before: 20_010), sleep(15_010)),
        // It has told just now.
        Consumer.at(20, .failed(1, isPassing: false), retry(1, 1, 3, before: 10_020)),
        Consumer.at(25, .retryScheduled(1)),
        Consumer.at(
          2000,
          .received([arrival(2, count: 2), arrival(3, type: "moved")]),
          .handle(2),
          .handle(3),
          poll(8, before: 22_000)
        ),
        Consumer.at(2010, .failed(2, isPassing: false), ask(before: 12_010)),
        Consumer.at(2020, .failed(3, isPassing: false)),
        Consumer.at(2030, told(), retry(2, 10, 3, before: 12_030), retry(3, 5, 3, before: 12_030)),
        Consumer.at(2040, .retryScheduled(3)),
        Consumer.at(2041, .retryScheduled(2)),
        Consumer.at(4000, .received([arrival(4, count: 3)]), .handle(4), poll(9, before: 24_000)),
        Consumer.at(4010, .failed(4, isPassing: false), ask(before: 14_010)),
        // What it told last counts while it does not answer: its next delivery would be one too many.
        Consumer.at(4020, .notTold, retry(4, 0, isLast: true, 3, before: 14_020)),
      ]
    ),
    Consumer(
      "a policy that is changed up and down counts from the next failure on",
      machine(),
      [
        Consumer.at(0, .started, ask(before: 10_000)),
        Consumer.at(5, told(5), poll(before: 20_005)),
        Consumer.at(
          10,
          .received([arrival(1, count: 2)]),
          .handle(1),
          poll(9, before: 20_010),
          sleep(15_010)
        ),
        Consumer.at(2000, .failed(1, isPassing: false), ask(before: 12_000)),
        Consumer.at(2010, told(2), retry(1, 0, isLast: true, 2, before: 12_010)),
        Consumer.at(2020, .received([arrival(2, count: 4)]), .handle(2), poll(8, before: 22_020)),
        Consumer.at(4000, .failed(2, isPassing: false), ask(before: 14_000)),
        Consumer.at(4010, told(9), retry(2, 600, 9, before: 14_010)),
        Consumer.at(4020, .received([arrival(3, count: 5)]), .handle(3), poll(7, before: 24_020)),
        Consumer.at(6000, .failed(3, isPassing: false), ask(before: 16_000)),
        // It has been delivered more often than it may be from now on: the next receive is its end.
        Consumer.at(6010, told(3), retry(3, 0, isLast: true, 3, before: 16_010)),
      ]
    ),
    Consumer(
      "without a dead-letter queue nobody asks for a policy, and no retry is the last",
      machine(RetryPolicy([7]), hasDeadLetters: false),
      [
        Consumer.at(0, .started, ask(before: 10_000)),
        Consumer.at(5, told(nil), poll(before: 20_005)),
        Consumer.at(
          10,
          .received([arrival(1, count: 99)]),
          .handle(1),
          poll(9, before: 20_010),
          sleep(15_010)
        ),
        Consumer.at(5000, .failed(1, isPassing: false), retry(1, 7, nil, before: 15_000)),
      ]
    ),
    Consumer(
      "what cannot be read is left to the queue's own timeout",
      machine(),
      [
        Consumer.at(0, .started, ask(before: 10_000)),
        Consumer.at(5, told(), poll(before: 20_005)),
        Consumer.at(
          10,
          .received([arrival(1, isTypeReadable: false)]),
          .handle(1),
          poll(9, before: 20_010),
          sleep(15_010)
        ),
        Consumer.at(20, .failed(1, isPassing: false), .leave(1)),
      ]
    ),
    Consumer(
      "while the database is in trouble a message is kept in flight, hidden, and handled again after growing pauses",
      machine {
        $0.passingTroubleTimeout = .seconds(16)
        $0.maximumInFlight = 1
      },
      [
        Consumer.at(0, .started, ask(before: 10_000)),
        Consumer.at(5, told(), poll(1, before: 20_005)),
        Consumer.at(10, .received([arrival(1)]), .handle(1), sleep(15_010)),
        Consumer.at(20, .failed(1, isPassing: true), .keep(1), sleep(120)),
        Consumer.at(120, .timer, .handle(1), sleep(15_010)),
        Consumer.at(130, .failed(1, isPassing: true), sleep(330)),
        Consumer.at(330, .timer, .handle(1), sleep(15_010)),
        Consumer.at(
          15_010,
          .timer,
          .extend(1, by: .seconds(30), before: .at(45_010)),
          sleep(30_010)
        ),
        Consumer.at(16_009, .failed(1, isPassing: true), sleep(16_409)),
        Consumer.at(16_409, .timer, .handle(1), sleep(30_010)),
        // It has been kept long enough.
        Consumer.at(16_500, .failed(1, isPassing: true), ask(before: 26_500)),
        Consumer.at(16_510, told(), retry(1, 1, 3, before: 26_510)),
        Consumer.at(16_520, .retryScheduled(1), poll(1, before: 36_520)),
      ]
    ),
    Consumer(
      "a handler that takes too long is cancelled, and its message has failed",
      machine {
        $0.handlerTimeout = .seconds(3)
        $0.maximumInFlight = 1
      },
      [
        Consumer.at(0, .started, ask(before: 10_000)),
        Consumer.at(5, told(), poll(1, before: 20_005)),
        Consumer.at(10, .received([arrival(1)]), .handle(1), sleep(3010)),
        Consumer.at(3010, .timer, .cancel(1), sleep(15_010)),
        Consumer.at(3020, .failed(1, isPassing: true), ask(before: 13_020)),
        Consumer.at(3030, told(), retry(1, 1, 3, before: 13_030)),
      ]
    ),
    Consumer(
      "what cannot be gives up its message and nothing else",
      machine(),
      [
        Consumer.at(0, .started, ask(before: 10_000)),
        Consumer.at(5, told(), poll(before: 20_005)),
        Consumer.at(
          10,
          .received([arrival(1), arrival(2)]),
          .handle(1),
          .handle(2),
          poll(8, before: 20_010),
          sleep(15_010)
        ),
        Consumer.at(11, .retryScheduled(1), .forget([1])),
        Consumer.at(12, .handled(1)),
        Consumer.at(13, .failed(7, isPassing: false)),
        Consumer.at(14, .deleted([8], failed: [8])),
        Consumer.at(15, .failed(2, isPassing: false), retry(2, 1, 3, before: 10_015)),
        Consumer.at(16, .failed(2, isPassing: false), .forget([2])),
        Consumer.at(17, .pollFailed, sleep(1017)),
        Consumer.at(18, .pollFailed),
      ]
    ),
  ]

  private static let stopping: [Consumer] = [
    Consumer(
      "stopping ends the poll, has what was taken handled and deleted, and says when",
      machine(),
      [
        Consumer.at(0, .started, ask(before: 10_000)),
        Consumer.at(5, told(), poll(before: 20_005)),
        Consumer.at(10, .received([arrival(1)]), .handle(1), poll(9, before: 20_010), sleep(15_010)),
        Consumer.at(20, .stopping(by: nil), .cancelPoll),
        // It had taken one already.
        Consumer.at(25, .received([arrival(2)]), .handle(2)),
        Consumer.at(30, .handled(1), sleep(1030)),
        Consumer.at(40, .handled(2), .delete([1, 2], before: .at(10_040))),
        Consumer.at(50, .deleted([1, 2], failed: [2]), .delete([2], before: .at(10_050))),
        Consumer.at(60, .deleted([2], failed: []), .stopped),
        Consumer.at(70, .timer),
      ]
    ),
    Consumer(
      "handlers that are still at work at the end of the stop are cancelled; what is kept in flight is given back",
      machine(RetryPolicy([0])),
      [
        Consumer.at(0, .started, ask(before: 10_000)),
        Consumer.at(5, told(), poll(before: 20_005)),
        Consumer.at(
          10,
          .received([arrival(1), arrival(2)]),
          .handle(1),
          .handle(2),
          poll(8, before: 20_010),
          sleep(15_010)
        ),
        Consumer.at(20, .failed(1, isPassing: true), .keep(1), sleep(120)),
        Consumer.at(30, .stopping(by: .at(5030)), retry(1, 0, 3, before: 10_030), .cancelPoll),
        Consumer.at(40, .pollFailed),
        Consumer.at(50, .retryScheduled(1)),
        Consumer.at(120, .timer, sleep(5030)),
        Consumer.at(5030, .timer, .cancel(2), sleep(15_010)),
        Consumer.at(5040, .failed(2, isPassing: false), ask(before: 15_040)),
        Consumer.at(5050, .notTold, retry(2, 0, 3, before: 15_050)),
        Consumer.at(5060, .retryScheduled(2), .stopped),
      ]
    ),
    Consumer(
      "one that pauses after a poll, and one that was never started, are stopped at once",
      machine(),
      [
        Consumer.at(0, .started, ask(before: 10_000)),
        Consumer.at(5, told(), poll(before: 20_005)),
        Consumer.at(10, .pollFailed, sleep(1010)),
        Consumer.at(20, .stopping(by: nil), .stopped),
      ]
    ),
    Consumer("never started", machine(), [Consumer.at(0, .stopping(by: nil), .stopped)]),
  ]
}

extension ConsumerMachine.Event {
  enum Kind: CaseIterable {
    case started, received, pollFailed, told, notTold, handled, failed, retryScheduled, deleted, timer,
      stopping
  }

  var kind: Kind {
    switch self {
    case .started: .started
    case .received: .received
    case .pollFailed: .pollFailed
    case .told: .told
    case .notTold: .notTold
    case .handled: .handled
    case .failed: .failed
    case .retryScheduled: .retryScheduled
    case .deleted: .deleted
    case .timer: .timer
    case .stopping: .stopping
    }
  }
}

extension ConsumerMachine.Action {
  enum Kind: CaseIterable {
    case ask, poll, cancelPoll, handle, cancel, extend, keep, retry, leave, forget, delete, sleep, stopped
  }

  var kind: Kind {
    switch self {
    case .ask: .ask
    case .poll: .poll
    case .cancelPoll: .cancelPoll
    case .handle: .handle
    case .cancel: .cancel
    case .extend: .extend
    case .keep: .keep
    case .retry: .retry
    case .leave: .leave
    case .forget: .forget
    case .delete: .delete
    case .sleep: .sleep
    case .stopped: .stopped
    }
  }
}
