import Testing
import Time

@testable import EventLoops

@Suite("Long steps of a loop")
struct LongStepTests {
  /// Counts the turns of a loop: each adds an action for the next one.
  private final class Turns {
    var count = 0
    var isCounting = true

    func start(_ loop: EventLoop) {
      loop.atEndOfTick { [self] in
        count += 1
        if isCounting { start(loop) }
      }
    }
  }

  /// The two ways to wait for the end of a turn.
  enum Wait: CaseIterable, Sendable {
    case forLongStep
    case forSpareTime

    func callAsFunction(_ loop: EventLoop) async {
      switch self {
      case .forLongStep: await loop.waitForLongStep()
      case .forSpareTime: await loop.waitForSpareTime()
      }
    }
  }

  private actor Worker {
    nonisolated let loop: EventLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
    private let turns = Turns()
    private var turnsOfSteps: [Int] = []
    private var turnsOfOthers: [Int] = []

    init(_ loop: EventLoop) { self.loop = loop }

    func begin() { turns.start(loop) }
    func end() -> (steps: [Int], others: [Int]) {
      turns.isCounting = false
      return (turnsOfSteps, turnsOfOthers)
    }

    /// A step that takes up more than the time of a turn.
    func step(_ wait: Wait) async {
      await wait(loop)
      turnsOfSteps.append(turns.count)
      let end = MonotonicInstant.now() + .nanoseconds(Int64(WaitingSteps.timeOfTurn) + 50_000)
      while MonotonicInstant.now() < end {}
    }

    /// Something else that the loop has to do in each of its turns.
    func other(_ times: Int) async {
      for _ in 0..<times {
        turnsOfOthers.append(turns.count)
        let seen = turns.count
        while turns.count == seen { await Task.yield() }
      }
    }
  }

  @Test(
    "Of fifty steps that begin at once each has a turn of its own, and others have theirs in between",
    arguments: Wait.allCases
  )
  func bounded(_ wait: Wait) async throws {
    let group = try EventLoopGroup(count: 1)
    let worker = Worker(group.loops[0])
    await worker.begin()
    await withTaskGroup(of: Void.self) { tasks in
      for _ in 0..<50 { tasks.addTask(executorPreference: worker.loop) { await worker.step(wait) } }
      tasks.addTask(executorPreference: worker.loop) { await worker.other(40) }
    }
    let (steps, others) = await worker.end()
    #expect(steps.count == 50)
    #expect(Set(steps).count == 50)
    #expect(Set(others).count == 40)
    // They were not kept waiting for the steps' end.
    #expect(others.filter { $0 <= (steps.max() ?? 0) }.count >= 35)
    group.shutdown()
  }

  @Test("Short steps share a turn, and off a loop nobody waits", arguments: Wait.allCases)
  func short(_ wait: Wait) async throws {
    let group = try EventLoopGroup(count: 1)
    let loop = group.loops[0]
    await wait(loop)
    let done = await withTaskGroup(of: Int.self) { tasks in
      for number in 0..<1000 {
        tasks.addTask(executorPreference: loop) {
          await wait(loop)
          return number
        }
      }
      return await tasks.reduce(0, +)
    }
    #expect(done == 499_500)
    group.shutdown()
  }
}
