internal import Time

/// A world of replicas, a database and a broker, in which everything that happens follows from a seed. First things go wrong
/// at every turn; then nothing does, and all that was committed must be published, handled and settled in bounded time.
///
/// The replicas' machines are the real ones. Further machines join by further replicas, models and invariants.
public final class World {
  /// How a run ended.
  public struct Verdict: Sendable {
    public let seed: UInt64
    /// What was wrong, and at which step; nil if nothing was.
    public let violation: String?
    public let steps: Int
    /// Simulated.
    public let duration: Duration
    /// Everything that happened, if it was recorded.
    public let transcript: [String]
  }

  /// Why a run ends.
  struct Violation {
    let step: Int
    let text: String
  }

  static let start = SimulatedClock().now

  let seed: UInt64
  let plant: PlantedFault?
  let isRecorded: Bool
  var random: Seed
  var clock = SimulatedClock()
  var scheduler = Scheduler()
  var faults = Faults()
  var database = ModelDatabase()
  var broker = ModelBroker()
  var replicas: [Replica] = []
  var polls: [Poll] = []
  /// When polls are looked at next.
  var nextServing: MonotonicInstant?
  var isHealed = false
  /// Rows that the broker refuses for good, and how large a message of theirs may be at most.
  var limits: [Int64: Int] = [:]
  private var invariants = allInvariants()
  private var transcript: [String] = []
  private(set) var violation: Violation?
  private(set) var steps = 0
  private var stepsOfInstant = 0

  /// - Parameters:
  ///   - plant: what is wrong on purpose.
  ///   - isRecorded: whether the transcript is kept.
  public init(seed: UInt64, plant: PlantedFault? = nil, isRecorded: Bool = false) {
    self.seed = seed
    self.plant = plant
    self.isRecorded = isRecorded
    random = Seed(seed)
    database.plant = plant
  }

  // MARK: Time

  var now: MonotonicInstant { clock.now }

  func schedule(after duration: Duration, _ action: @escaping () -> Void) {
    scheduler.schedule(at: now + duration, action)
  }

  func schedule(at instant: MonotonicInstant, _ action: @escaping () -> Void) {
    scheduler.schedule(at: max(instant, now), action)
  }

  /// Lets things happen until the instant, a violation, or until the condition holds.
  func run(until end: MonotonicInstant, unless isDone: () -> Bool = { false }) {
    while violation == nil, !isDone(), let next = scheduler.next(until: end) {
      stepsOfInstant = next.instant == clock.now ? stepsOfInstant + 1 : 0
      clock.now = next.instant
      steps += 1
      next.action()
      // Ten messages and a hundred rows may be due at once, and not more.
      if stepsOfInstant > 5000 {
        violate("nothing but events of one instant: somebody goes round in circles")
      }
    }
    if violation == nil, !isDone() { clock.now = max(clock.now, end) }
  }

  // MARK: What happens

  func observe(_ observation: Observation) {
    for index in invariants.indices {
      if let text = invariants[index].check(observation, at: now) { violate(text) }
    }
  }

  func violate(_ text: String) {
    if violation != nil { return }
    note { "VIOLATION: \(text)" }
    violation = Violation(step: steps, text: text)
  }

  /// Keeps a line of the transcript.
  func note(_ line: () -> String) {
    guard isRecorded else { return }
    let seconds = Double(now.duration(since: Self.start) / .microseconds(1)) / 1_000_000
    transcript.append("\(steps)\t\(seconds)\t\(line())")
  }

  // MARK: A run

  /// Runs the world of a seed.
  public static func run(seed: UInt64, plant: PlantedFault? = nil, isRecorded: Bool = false) -> Verdict {
    let world = World(seed: seed, plant: plant, isRecorded: isRecorded)
    world.live()
    world.end()
    return Verdict(
      seed: seed,
      violation: world.violation.map { "step \($0.step): \($0.text)" },
      steps: world.steps,
      duration: world.now.duration(since: start),
      transcript: world.transcript
    )
  }

  /// Lets go of what is still to happen, which knows the world.
  private func end() {
    scheduler = Scheduler()
    polls = []
    for replica in replicas { replica.forget() }
  }

  /// - Returns: the command that runs a seed once more, with its transcript.
  public static func replay(seed: UInt64, plant: PlantedFault? = nil) -> String {
    "swift run -c release simulate --seed \(seed)" + (plant.map { " --plant \($0.rawValue)" } ?? "")
  }
}
