import TestKit
import Testing
import Time

@testable import Events

extension RelayMachine: DecidingMachine {}

@Suite("The relay's machine") struct RelayMachineTests {
  typealias Relay = Transcript<RelayMachine>

  @Test("Transcripts", arguments: all) func transcript(_ transcript: Relay) { transcript.play() }

  @Test("Every event and every action is in a transcript") func coverage() {
    #expect(Set(Self.all.flatMap(\.events).map(\.kind)) == Set(RelayMachine.Event.Kind.allCases))
    #expect(Set(Self.all.flatMap(\.actions).map(\.kind)) == Set(RelayMachine.Action.Kind.allCases))
  }

  @Test("Pauses are between half and all of their length, and the same for the same seed") func jitter() {
    var (one, same, other) = (Jitter(seed: 1), Jitter(seed: 1), Jitter(seed: 2))
    let pauses = (0..<1000).map { _ in one.spread(.seconds(1)) }
    #expect(pauses.allSatisfy { (.milliseconds(500) ... .seconds(1)).contains($0) })
    #expect(Set(pauses).count > 990)
    #expect(pauses == (0..<1000).map { _ in same.spread(.seconds(1)) })
    #expect(pauses != (0..<1000).map { _ in other.spread(.seconds(1)) })
    var none = Jitter.none
    #expect(none.spread(.seconds(1)) == .seconds(1))
  }

  private static func machine(
    destination: String? = nil,
    _ configure: (inout OutboxSettings) -> Void = { _ in }
  ) -> RelayMachine {
    var settings = OutboxSettings()
    configure(&settings)
    return RelayMachine(settings, destination: destination, jitter: .none)
  }

  private static func row(_ id: Int64, attempts: Int = 0, for destination: String? = nil) -> RelayMachine.Row
  {
    RelayMachine.Row(id: id, attempts: attempts, destination: destination)
  }

  private static func claim(_ round: Int, _ limit: Int = 100, before: Int) -> RelayMachine.Action {
    .claim(round: round, limit: limit, prefersUntried: limit == 4, before: .at(before))
  }

  private static func publish(_ row: Int64, _ round: Int, within: Int? = nil, before: Int)
    -> RelayMachine.Action
  {
    .publish(row: row, round: round, within: within, before: .at(before))
  }

  private static func settle(
    _ round: Int,
    published: [Int64] = [],
    setAside: [RelayMachine.Settlement.SetAside] = [],
    postponed: [RelayMachine.Settlement.Postponed] = [],
    untried: [Int64] = [],
    isBrokerAway: Bool = false,
    before: Int
  ) -> RelayMachine.Action {
    var settlement = RelayMachine.Settlement()
    settlement.published = published
    settlement.setAside = setAside
    settlement.postponed = postponed
    settlement.untried = untried
    settlement.isBrokerAway = isBrokerAway
    return .settle(round: round, settlement, before: .at(before))
  }

  private static func postponed(_ row: Int64, _ delay: Duration = .zero, attempts: Int = 0)
    -> RelayMachine.Settlement.Postponed
  {
    .init(row: row, delay: delay, attempts: attempts)
  }

  static let all: [Relay] = [
    Relay(
      "what was committed is claimed, published and settled, and then the table is looked at again",
      machine(),
      [
        Relay.at(0, .started, claim(1, before: 20_000), .sleep(until: .at(1000))),
        Relay.at(5, .claimed(round: 1, []), .prune(before: .at(20_005))),
        Relay.at(10, .pruned(count: 3)),
        Relay.at(20, .woken, claim(2, before: 20_020)),
        Relay.at(
          25,
          .claimed(round: 2, [row(1), row(2)]),
          publish(1, 2, before: 8025),
          publish(2, 2, before: 8025)
        ),
        Relay.at(30, .published(row: 2, round: 2)),
        Relay.at(31, .published(row: 1, round: 2), settle(2, published: [2, 1], before: 20_031)),
        Relay.at(33, .settled(round: 2), claim(3, before: 20_033)),
        Relay.at(35, .claimed(round: 3, [])),
        Relay.at(1000, .timer, .sleep(until: .at(1035))),
        Relay.at(1035, .timer, claim(4, before: 21_035), .sleep(until: .at(2035))),
      ]
    ),
    Relay(
      "a message that the broker refuses is made to fit if it can be, else set aside, and its subject goes on",
      machine(),
      [
        Relay.at(0, .started, claim(1, before: 20_000), .sleep(until: .at(1000))),
        Relay.at(
          5,
          .claimed(round: 1, [row(1), row(2), row(3)]),
          publish(1, 1, before: 8005),
          publish(2, 1, before: 8005),
          publish(3, 1, before: 8005),
          .prune(before: .at(20_005))
        ),
        Relay.at(
          8,
          .failed(row: 1, round: 1, .refused, size: 300),
          .askLimit(row: 1, round: 1, before: .at(8005))
        ),
        Relay.at(9, .limitTold(row: 1, round: 1, limit: 200), publish(1, 1, within: 200, before: 8005)),
        Relay.at(12, .failed(row: 1, round: 1, .refused, size: 190)),
        Relay.at(
          13,
          .failed(row: 2, round: 1, .refused, size: 100),
          .askLimit(row: 2, round: 1, before: .at(8005))
        ),
        Relay.at(14, .limitTold(row: 2, round: 1, limit: nil)),
        Relay.at(
          15,
          .failed(row: 3, round: 1, .refused, size: 300),
          .askLimit(row: 3, round: 1, before: .at(8005))
        ),
        Relay.at(16, .limitTold(row: 3, round: 1, limit: 200), publish(3, 1, within: 200, before: 8005)),
        Relay.at(
          17,
          .published(row: 3, round: 1),
          settle(
            1,
            published: [3],
            setAside: [.init(row: 1, cause: .refused), .init(row: 2, cause: .refused)],
            before: 20_017
          )
        ),
      ]
    ),
    Relay(
      "a message that the broker refuses is tried again while the destination cannot be asked what it takes",
      machine(),
      [
        Relay.at(0, .started, claim(1, before: 20_000), .sleep(until: .at(1000))),
        Relay.at(5, .claimed(round: 1, [row(1)]), publish(1, 1, before: 8005), .prune(before: .at(20_005))),
        Relay.at(
          8,
          .failed(row: 1, round: 1, .refused, size: 300),
          .askLimit(row: 1, round: 1, before: .at(8005))
        ),
        Relay.at(
          9,
          .limitNotTold(row: 1, round: 1),
          settle(1, postponed: [postponed(1)], isBrokerAway: true, before: 20_009)
        ),
      ]
    ),
    Relay(
      "a row that was meant for another destination is set aside and never sent; one that notes none is sent",
      machine(destination: "ours"),
      [
        Relay.at(0, .started, claim(1, before: 20_000), .sleep(until: .at(1000))),
        Relay.at(
          5,
          .claimed(round: 1, [row(1, for: "theirs"), row(2, for: "ours"), row(3)]),
          publish(2, 1, before: 8005),
          publish(3, 1, before: 8005),
          .prune(before: .at(20_005))
        ),
        Relay.at(6, .published(row: 2, round: 1)),
        Relay.at(
          7,
          .published(row: 3, round: 1),
          settle(
            1,
            published: [2, 3],
            setAside: [.init(row: 1, cause: .misdirected(to: "theirs"))],
            before: 20_007
          )
        ),
      ]
    ),
    Relay(
      "while the broker is away a few rows are tried after growing pauses, and nothing counts against them",
      machine(),
      [
        Relay.at(0, .started, claim(1, before: 20_000), .sleep(until: .at(1000))),
        Relay.at(5, .claimed(round: 1, [row(1)]), publish(1, 1, before: 8005), .prune(before: .at(20_005))),
        Relay.at(6, .pruned(count: 0)),
        Relay.at(
          8,
          .failed(row: 1, round: 1, .unavailable, size: 10),
          settle(1, postponed: [postponed(1)], isBrokerAway: true, before: 20_008)
        ),
        Relay.at(10, .settled(round: 1), .sleep(until: .at(210))),
        Relay.at(210, .timer, claim(2, 4, before: 20_210), .sleep(until: .at(1210))),
        Relay.at(215, .claimed(round: 2, [row(1)]), publish(1, 2, before: 8215)),
        Relay.at(
          216,
          .failed(row: 1, round: 2, .denied, size: 10),
          settle(2, postponed: [postponed(1)], isBrokerAway: true, before: 20_216)
        ),
        Relay.at(220, .settled(round: 2), .sleep(until: .at(620))),
        // Perhaps the broker takes what has come now: after the pause, not before.
        Relay.at(300, .woken),
        Relay.at(620, .timer, claim(3, 4, before: 20_620), .sleep(until: .at(1620))),
        Relay.at(
          625,
          .claimed(round: 3, [row(1), row(2)]),
          publish(1, 3, before: 8625),
          publish(2, 3, before: 8625)
        ),
        Relay.at(630, .published(row: 2, round: 3)),
        // Others get through: from now on it counts against the row.
        Relay.at(
          631,
          .failed(row: 1, round: 3, .throttled, size: 10),
          settle(
            3,
            published: [2],
            postponed: [postponed(1, .milliseconds(200), attempts: 1)],
            before: 20_631
          )
        ),
        Relay.at(640, .settled(round: 3), claim(4, before: 20_640)),
        Relay.at(645, .claimed(round: 4, [row(1, attempts: 3)]), publish(1, 4, before: 8645)),
      ]
    ),
    Relay(
      "a row that fails while another round gets through has its own back-off, and the broker is not taken to be away",
      machine { $0.pollInterval = .seconds(3600) },
      [
        Relay.at(0, .started, claim(1, before: 20_000), .sleep(until: .at(3_600_000))),
        Relay.at(
          5,
          .claimed(round: 1, [row(1, attempts: 3)]),
          publish(1, 1, before: 8005),
          .prune(before: .at(20_005))
        ),
        Relay.at(6, .pruned(count: 0), .sleep(until: .at(60_006))),
        Relay.at(7, .woken, claim(2, before: 20_007)),
        Relay.at(9, .claimed(round: 2, [row(2)]), publish(2, 2, before: 8009)),
        Relay.at(20, .published(row: 2, round: 2), settle(2, published: [2], before: 20_020)),
        Relay.at(21, .settled(round: 2), claim(3, before: 20_021)),
        Relay.at(22, .claimed(round: 3, [])),
        Relay.at(
          8005,
          .failed(row: 1, round: 1, .unavailable, size: 10),
          settle(1, postponed: [postponed(1, .milliseconds(1600), attempts: 1)], before: 28_005)
        ),
        Relay.at(8010, .settled(round: 1), claim(4, before: 28_010)),
      ]
    ),
    Relay(
      "two rounds that fail together are one failure of the broker, and the pause grows by one step",
      machine { $0.pollInterval = .seconds(3600) },
      [
        Relay.at(0, .started, claim(1, before: 20_000), .sleep(until: .at(3_600_000))),
        Relay.at(5, .claimed(round: 1, [row(1)]), publish(1, 1, before: 8005), .prune(before: .at(20_005))),
        Relay.at(6, .pruned(count: 0), .sleep(until: .at(60_006))),
        Relay.at(7, .woken, claim(2, before: 20_007)),
        Relay.at(9, .claimed(round: 2, [row(2)]), publish(2, 2, before: 8009)),
        Relay.at(
          20,
          .failed(row: 1, round: 1, .unavailable, size: 10),
          settle(1, postponed: [postponed(1)], isBrokerAway: true, before: 20_020)
        ),
        Relay.at(21, .settled(round: 1), .sleep(until: .at(221))),
        Relay.at(
          22,
          .failed(row: 2, round: 2, .unavailable, size: 10),
          settle(2, postponed: [postponed(2)], isBrokerAway: true, before: 20_022)
        ),
        Relay.at(23, .settled(round: 2)),
        Relay.at(221, .timer, claim(3, 4, before: 20_221), .sleep(until: .at(60_006))),
        Relay.at(225, .claimed(round: 3, [row(1)]), publish(1, 3, before: 8225)),
        Relay.at(
          226,
          .failed(row: 1, round: 3, .unavailable, size: 10),
          settle(3, postponed: [postponed(1)], isBrokerAway: true, before: 20_226)
        ),
        Relay.at(230, .settled(round: 3), .sleep(until: .at(630))),
      ]
    ),
    Relay(
      "while the database is away claims are tried after short growing pauses, settling after shorter ones",
      machine(),
      [
        Relay.at(0, .started, claim(1, before: 20_000), .sleep(until: .at(1000))),
        Relay.at(5, .notClaimed(round: 1), .sleep(until: .at(55))),
        Relay.at(55, .timer, claim(2, before: 20_055), .sleep(until: .at(1055))),
        Relay.at(60, .notClaimed(round: 2), .sleep(until: .at(160))),
        Relay.at(160, .timer, claim(3, before: 20_160), .sleep(until: .at(1160))),
        Relay.at(165, .claimed(round: 3, [row(1)]), publish(1, 3, before: 8165), .prune(before: .at(20_165))),
        Relay.at(170, .notPruned, .sleep(until: .at(220))),
        Relay.at(180, .published(row: 1, round: 3), settle(3, published: [1], before: 20_180)),
        Relay.at(190, .notSettled(round: 3), .sleep(until: .at(210))),
        Relay.at(210, .timer, settle(3, published: [1], before: 20_210), .sleep(until: .at(220))),
        Relay.at(215, .settled(round: 3), .prune(before: .at(20_215)), claim(4, before: 20_215)),
      ]
    ),
    Relay(
      "what cannot be settled before the claim ends is given up: whoever claims the rows next publishes them again",
      machine(),
      [
        Relay.at(0, .started, claim(1, before: 20_000), .sleep(until: .at(1000))),
        Relay.at(5, .claimed(round: 1, [row(1)]), publish(1, 1, before: 8005), .prune(before: .at(20_005))),
        Relay.at(8, .published(row: 1, round: 1), settle(1, published: [1], before: 20_008)),
        Relay.at(1000, .timer),
        Relay.at(20_001, .notSettled(round: 1), .sleep(until: .at(20_051))),
        Relay.at(20_002, .settled(round: 1)),
      ]
    ),
    Relay(
      "a row that is claimed late is not sent: it could overtake what another relay sends",
      machine { $0.pollInterval = .seconds(3600) },
      [
        Relay.at(0, .started, claim(1, before: 20_000), .sleep(until: .at(3_600_000))),
        Relay.at(
          12_000,
          .claimed(round: 1, [row(1)]),
          settle(1, untried: [1], isBrokerAway: true, before: 32_000),
          .prune(before: .at(32_000))
        ),
        Relay.at(12_001, .pruned(count: 1), .sleep(until: .at(72_001))),
        Relay.at(12_010, .settled(round: 1), .sleep(until: .at(12_060))),
        Relay.at(12_060, .timer, claim(2, before: 32_060), .sleep(until: .at(72_001))),
      ]
    ),
    Relay(
      "after a full batch a second round begins; each has half of the calls in flight",
      machine {
        $0.batchSize = 3
        $0.maximumInFlight = 4
        $0.pruneBatchSize = 5
      },
      [
        Relay.at(0, .started, claim(1, 3, before: 20_000), .sleep(until: .at(1000))),
        Relay.at(
          5,
          .claimed(round: 1, [row(1), row(2), row(3)]),
          publish(1, 1, before: 8005),
          publish(2, 1, before: 8005),
          .prune(before: .at(20_005))
        ),
        // There is more to delete; the other place is for claims.
        Relay.at(6, .pruned(count: 5), .prune(before: .at(20_006))),
        Relay.at(7, .pruned(count: 4), claim(2, 3, before: 20_007)),
        Relay.at(8, .published(row: 1, round: 1), publish(3, 1, before: 8008)),
        Relay.at(9, .claimed(round: 2, [row(4)]), publish(4, 2, before: 8009)),
        Relay.at(10, .woken),
        Relay.at(11, .published(row: 2, round: 1)),
        Relay.at(12, .published(row: 3, round: 1), settle(1, published: [1, 2, 3], before: 20_012)),
        Relay.at(13, .settled(round: 1), claim(3, 3, before: 20_013)),
      ]
    ),
    Relay(
      "stopping begins nothing, finishes what is in progress, and says when",
      machine(),
      [
        Relay.at(0, .started, claim(1, before: 20_000), .sleep(until: .at(1000))),
        Relay.at(2, .stopping),
        Relay.at(5, .claimed(round: 1, [row(1)]), publish(1, 1, before: 8005)),
        Relay.at(6, .woken),
        Relay.at(8, .published(row: 1, round: 1), settle(1, published: [1], before: 20_008)),
        Relay.at(9, .notSettled(round: 1), .sleep(until: .at(29))),
        Relay.at(29, .timer, settle(1, published: [1], before: 20_029)),
        Relay.at(30, .settled(round: 1), .stopped),
        Relay.at(31, .woken),
      ]
    ),
    Relay("one that was never started is stopped at once", machine(), [Relay.at(0, .stopping, .stopped)]),
    Relay(
      "what cannot be gives up its round and nothing else",
      machine(),
      [
        Relay.at(0, .started, claim(1, before: 20_000), .sleep(until: .at(1000))),
        Relay.at(1, .published(row: 7, round: 9)),
        Relay.at(2, .settled(round: 9)),
        Relay.at(3, .notSettled(round: 9)),
        Relay.at(5, .claimed(round: 1, [row(1)]), publish(1, 1, before: 8005), .prune(before: .at(20_005))),
        Relay.at(6, .pruned(count: 0)),
        Relay.at(7, .published(row: 2, round: 1)),
        Relay.at(8, .published(row: 1, round: 1)),
        Relay.at(9, .woken, claim(2, before: 20_009)),
        Relay.at(10, .claimed(round: 2, [row(1)]), publish(1, 2, before: 8010)),
        Relay.at(11, .settled(round: 2)),
        Relay.at(12, .woken, claim(3, before: 20_012)),
        Relay.at(13, .limitTold(row: 1, round: 3, limit: 4)),
        Relay.at(14, .claimed(round: 3, [row(1)])),
      ]
    ),
  ]
}

extension RelayMachine.Event {
  enum Kind: CaseIterable {
    case started, woken, claimed, notClaimed, published, failed, limitTold, limitNotTold, settled, notSettled,
      pruned,
      notPruned
    case timer, stopping
  }

  var kind: Kind {
    switch self {
    case .started: .started
    case .woken: .woken
    case .claimed: .claimed
    case .notClaimed: .notClaimed
    case .published: .published
    case .failed: .failed
    case .limitTold: .limitTold
    case .limitNotTold: .limitNotTold
    case .settled: .settled
    case .notSettled: .notSettled
    case .pruned: .pruned
    case .notPruned: .notPruned
    case .timer: .timer
    case .stopping: .stopping
    }
  }
}

extension RelayMachine.Action {
  enum Kind: CaseIterable { case claim, publish, askLimit, settle, prune, sleep, stopped }

  var kind: Kind {
    switch self {
    case .claim: .claim
    case .publish: .publish
    case .askLimit: .askLimit
    case .settle: .settle
    case .prune: .prune
    case .sleep: .sleep
    case .stopped: .stopped
    }
  }
}
