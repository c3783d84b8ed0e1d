import Testing
import Time

@testable import Postgres

/// Pseudo-random numbers by a seed (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

@Suite("Machines that are told what cannot be")
struct ImpossibleEventTests {
  private static let seeds = 0..<300 as Range<UInt64>

  private static func all<Subject: Machine>(
    _ machine: inout Subject,
    _ event: Subject.Event,
    _ now: MonotonicInstant
  ) -> [Subject.Action] {
    var actions: [Subject.Action] = []
    var action = machine.on(event, at: now)
    while let next = action {
      actions.append(next)
      action = machine.next(at: now)
    }
    return actions
  }

  @Test("a session ends at most once, and says nothing afterwards")
  func session() {
    for seed in Self.seeds {
      var random = SeededGenerator(seed: seed)
      var machine = SessionMachine()
      var hasEnded = false
      for step in 0..<120 {
        let id = StatementID(.random(in: 1...4, using: &random))
        let shape = Int.random(in: 0...2, using: &random)
        let answers: [SessionMachine.Answer] = [
          .rows, .rows, .rows, .failed(.other), .failed(.unknownStatement), .failed(.planChanged), .skipped,
          .synchronised, .failed(.endsSession), .copy, .unknown,
        ]
        let events: [SessionMachine.Event] = [
          .send(id, .prepared(shape: shape), isAfterFlush: .random(using: &random)),
          .send(id, .text, isAfterFlush: false), .send(id, .once, isAfterFlush: false),
          .send(id, .script, isAfterFlush: false), .endBatch,
          .result(answers.randomElement(using: &random) ?? .rows), .noResult, .noResult, .cancel(id),
          .cancelSent,
          .timePassed, .plansChanged, step > 100 ? .close : .endBatch, step > 100 ? .broken : .endBatch,
        ]
        guard let event = events.randomElement(using: &random) else { continue }
        let actions = Self.all(&machine, event, .at(step * 100))
        if hasEnded { #expect(actions.isEmpty, "seed \(seed)") }
        for action in actions {
          switch action {
          case .close, .lose:
            #expect(!hasEnded, "seed \(seed)")
            hasEnded = true
          default: break
          }
        }
      }
    }
  }

  /// Who was told, and how often.
  private struct Told {
    var open: Set<StatementID> = []

    mutating func end(_ id: StatementID, _ seed: UInt64) {
      #expect(open.remove(id) != nil, "seed \(seed): \(id) was told without having asked, or twice")
    }
  }

  @Test("a read is told once, whatever its sessions say, and everybody is at the end")
  func reads() {
    for seed in Self.seeds {
      var random = SeededGenerator(seed: seed)
      var machine = ReadPipelineTranscripts.machine(sessions: .random(in: 1...3, using: &random))
      var told = Told()
      var next: UInt32 = 0
      var sessions: UInt32 = 0
      for step in 0..<250 {
        let number = SessionNumber(.random(in: 1...max(1, sessions), using: &random))
        let kind = StatementKind(number: .random(in: 1...3, using: &random))
        let head = machine.sessions.first { $0.number == number }?.inFlight.first?.id
        let id =
          Bool.random(using: &random)
          ? head ?? .setUp : StatementID(.random(in: 0...max(1, next), using: &random))
        let answers: [ReadPipelineMachine.Answer] = [
          .rows, .rows, .rows, .failed, .planChanged, .cancelled, .notRun,
        ]
        let events: [ReadPipelineMachine.Event] = [
          .submitted(StatementID(next), kind, deadline: .at(step * 10 + 800)),
          .submitted(StatementID(next), kind, deadline: .at(step * 10 + 800)), .turnEnded, .turnEnded,
          .answered(number, id, answers.randomElement(using: &random) ?? .rows),
          .answered(number, head ?? .setUp, .rows), .drained(number), .cancelEnded(number), .timePassed,
          .lost(number, Bool.random(using: &random) ? .ended : .broken),
          .opened(SessionNumber(sessions + 1), expiry: .at(step * 10 + 900)),
          .openFailed(isAway: .random(using: &random)),
          .identified(number, ServerIdentity(startTime: .random(in: 1...2, using: &random))),
          .serverIs(ServerIdentity(startTime: .random(in: 1...2, using: &random))),
          .serverSuspected(before: .at(step * 5)), .abandoned(id),
        ]
        guard let event = events.randomElement(using: &random) else { continue }
        switch event {
        case .submitted(let id, _, _):
          told.open.insert(id)
          next += 1
        case .opened: sessions += 1
        // Its caller tells itself.
        case .abandoned(let id): told.open.remove(id)
        default: break
        }
        for action in Self.all(&machine, event, .at(step * 10)) {
          switch action {
          case .tell(let id), .refuse(let id, _): told.end(id, seed)
          case .execute(let number, _, _), .endBatch(let number), .cancel(let number, _), .close(let number):
            #expect(number.value >= 1 && number.value <= sessions, "seed \(seed)")
          default: break
          }
        }
      }
      for action in Self.all(&machine, .close, .at(2500)) {
        if case .refuse(let id, _) = action { told.end(id, seed) }
      }
      #expect(told.open.isEmpty, "seed \(seed)")
    }
  }

  @Test("a caller of a lease is told once, and no session is lent twice")
  func leases() {
    for seed in Self.seeds {
      var random = SeededGenerator(seed: seed)
      var machine = LeaseMachine(
        LeaseMachine.Settings(
          sessions: 2,
          maximumWaiting: 3,
          leaseTimeout: .seconds(1),
          idleTimeout: .seconds(1)
        )
      )
      var waiting: Set<UInt64> = []
      var lent: [UInt64: SessionNumber] = [:]
      var (callers, sessions, statements) = (0 as UInt64, 0 as UInt32, 0 as UInt32)
      for step in 0..<250 {
        let number = SessionNumber(.random(in: 1...max(1, sessions), using: &random))
        let lease = UInt64.random(in: 1...max(1, machine.lastLease), using: &random)
        let id = StatementID(.random(in: 0...max(1, statements), using: &random))
        let answers: [LeaseMachine.Answer] = [.rows, .rows, .readOnly, .planChanged, .failed, .notRun]
        let events: [LeaseMachine.Event] = [
          .requested(callers, deadline: .at(step * 10 + 500)), .waiterGone(callers),
          .opened(SessionNumber(sessions + 1), expiry: .at(step * 10 + 900)),
          .openFailed(isAway: .random(using: &random)), .answered(number, .setUp, .rows),
          .synchronised(number),
          .answered(number, id, answers.randomElement(using: &random) ?? .rows),
          .run(
            lease,
            [StatementID(statements + 1), StatementID(statements + 2)],
            isScript: false,
            deadline: .at(step * 10 + 300)
          ),
          .abandoned(lease), .lost(number, isServerEnding: .random(using: &random)), .spoilt(lease),
          .returned(lease, isClean: .random(using: &random)), .timePassed,
          .identified(number, ServerIdentity(startTime: .random(in: 1...2, using: &random))),
          .serverIs(ServerIdentity(startTime: .random(in: 1...2, using: &random))),
          .serverSuspected(before: .at(step * 5)),
        ]
        guard let event = events.randomElement(using: &random) else { continue }
        switch event {
        case .requested(let caller, _):
          waiting.insert(caller)
          callers += 1
        case .opened: sessions += 1
        case .run: statements += 2
        case .returned(let lease, _): lent[lease] = nil
        case .waiterGone(let caller): waiting.remove(caller)
        default: break
        }
        for action in Self.all(&machine, event, .at(step * 10)) {
          switch action {
          case .lend(let lease, let number, let caller):
            #expect(waiting.remove(caller) != nil, "seed \(seed)")
            #expect(!lent.values.contains(number), "seed \(seed)")
            lent[lease] = number
          case .refuse(let caller, _): #expect(waiting.remove(caller) != nil, "seed \(seed)")
          default: break
          }
        }
      }
      for action in Self.all(&machine, .close, .at(2500)) {
        if case .refuse(let caller, _) = action { #expect(waiting.remove(caller) != nil, "seed \(seed)") }
      }
      #expect(waiting.isEmpty, "seed \(seed)")
    }
  }
}
