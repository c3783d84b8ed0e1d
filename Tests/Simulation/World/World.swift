internal import RestrictedPatientsModule
internal import Time

/// A world of replicas, a database and a broker, in which everything that happens follows from a seed. First things go wrong
/// at every turn; then nothing does, and all that was committed must be published, handled and settled in bounded time.
///
/// The replicas' machines are the real ones: a relay, a consumer, changes that prison API makes too, and the leases, reads
/// and sessions that carry their statements. Further machines join by further replicas, models and invariants.
public final class World {
  /// How a run ended.
  public struct Verdict: Sendable {
    public let seed: UInt64
    /// How many changes that prison API makes too have ended in which state.
    public let ends: [String: Int]
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

  /// What goes wrong.
  enum Phase: Equatable {
    case chaos
    /// Nothing any more.
    case healed
    /// Nor is there anything left of what did.
    case calm
    /// The database's address leads to another server.
    case switched
    case ending
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
  var upstream = ModelUpstream()
  var patients = ModelPatients()
  private(set) lazy var server = ModelServer(self)
  private(set) lazy var client = ModelClient(self)
  var replicas: [Replica] = []
  var changes: [ChangeRunner] = []
  /// In which states changes have ended.
  var ends: [ExternalChange.State: Int] = [:]
  /// Calls that prison API has not got yet, and discharges that prisoner search has not told of.
  var upstreamCalls = 0
  var untoldReleases = 0
  var polls: [Poll] = []
  /// When polls are looked at next.
  var nextServing: MonotonicInstant?
  var phase = Phase.chaos
  /// Rows that the broker refuses for good, and how large a message of theirs may be at most.
  var limits: [Int64: Int] = [:]
  private var invariants = allInvariants()
  private var transcript: [String] = []
  private(set) var violation: Violation?
  private(set) var steps = 0
  private var stepsOfInstant = 0
  /// What is done at the end of the step.
  private var deferred: [() -> Void] = []
  private var lastToken = 0
  private var lastRequest = 0
  private var requests: Set<Int> = []

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
    // What the story decided before, such as when it woke a process.
    carryOut()
    while violation == nil, !isDone(), let next = scheduler.next(until: end) {
      stepsOfInstant = next.instant == clock.now ? stepsOfInstant + 1 : 0
      clock.now = next.instant
      steps += 1
      if phase == .calm { for replica in replicas { replica.countFreeTime() } }
      next.action()
      carryOut()
      if phase == .calm { for replica in replicas { replica.seeWhetherFree() } }
      // Ten messages and a hundred rows may be due at once, and not more.
      if stepsOfInstant > 5000 {
        violate("nothing but events of one instant: somebody goes round in circles")
      }
    }
    if violation == nil, !isDone() { clock.now = max(clock.now, end) }
  }

  /// Has something done once all that has been decided is carried out, as a task goes on that waited for it.
  func soon(_ action: @escaping () -> Void) { deferred.append(action) }

  private func carryOut() {
    var position = 0
    while position < deferred.count, violation == nil {
      deferred[position]()
      position += 1
    }
    deferred.removeAll(keepingCapacity: true)
  }

  func nextToken() -> Int {
    lastToken += 1
    return lastToken
  }

  // MARK: Requests

  /// A request comes that must have ended by then, if its process lives.
  /// - Parameter lastWords: how long it may go on for what it has to tell the server in the end.
  /// - Returns: its number.
  func expect(
    _ replica: Replica,
    before deadline: MonotonicInstant,
    lastWords: Duration = .zero,
    _ what: String
  ) -> Int {
    lastRequest += 1
    requests.insert(lastRequest)
    judge(lastRequest, of: replica, replica.ticket, by: deadline, lastWords, what)
    return lastRequest
  }

  /// Finds out whether a request ends in time. What a frozen process does late, its last words to the server included, has
  /// its time from the thaw.
  private func judge(
    _ request: Int,
    of replica: Replica,
    _ ticket: Replica.Ticket,
    by deadline: MonotonicInstant,
    _ lastWords: Duration,
    _ what: String
  ) {
    let patience = Duration.milliseconds(20)
    var end: MonotonicInstant { max(deadline, replica.lastThaw) + lastWords + patience }
    schedule(at: end) { [weak self] in
      guard let self, requests.contains(request) else { return }
      replica.receive(ticket) {
        guard self.requests.contains(request) else { return }
        if self.now < end {
          self.judge(request, of: replica, ticket, by: deadline, lastWords, what)
        } else {
          self.observe(.overdue(request: request, what))
        }
      }
    }
  }

  func end(_ request: Int) {
    if requests.remove(request) == nil { observe(.endedTwice(request: request)) }
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
    guard isRecorded, violation == nil else { return }
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
      ends: Dictionary(uniqueKeysWithValues: world.ends.map { ("\($0.key)", $0.value) }),
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
    deferred = []
    changes = []
    server.forget()
    for replica in replicas { replica.forget() }
  }

  /// - Returns: the command that runs a seed once more, with its transcript.
  public static func replay(seed: UInt64, plant: PlantedFault? = nil) -> String {
    "swift run -c release simulate --seed \(seed)" + (plant.map { " --plant \($0.rawValue)" } ?? "")
  }
}
