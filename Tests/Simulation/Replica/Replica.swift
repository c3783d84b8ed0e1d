internal import Events
internal import Time

/// A process of the gateway: the machines that it runs, and what executors would do for them.
final class Replica {
  /// Which process: what was asked by a former one is not answered to the next.
  struct Ticket: Equatable {
    let incarnation: Int
  }

  let index: Int
  unowned let world: World
  private var incarnation = 0
  /// Whether it runs.
  private(set) var isUp = false
  private var isStopping = false
  private var isForGood = false
  private(set) var isFrozen = false
  /// When it last went on after it was frozen.
  private(set) var lastThaw = World.start
  private var backlog: [() -> Void] = []
  var relay: RelayMachine
  var consumer: ConsumerMachine
  var claims: [Int: Claim] = [:]
  var deliveries: [UInt64: Arrived] = [:]
  var receipts: [UInt64: String] = [:]
  /// Which try of a handler is the current one.
  var handlers: [UInt64: Int] = [:]
  var lastDelivery: UInt64 = 0
  var lastHandler = 0
  /// Ends the poll that is in flight, for its caller.
  var cancelPoll: (() -> Void)?
  /// At most so many sessions for transactions, and for reads.
  let sessions: Int
  let readSessions: Int
  private(set) lazy var watch = SimulatedWatch(self)
  private(set) lazy var leases = SimulatedLeases(self, SimulatedConnector(self), watch)
  private(set) lazy var reads = SimulatedReads(self, SimulatedConnector(self), watch)
  /// For how long a session was there that a read would not have waited for.
  private(set) var freeTime = Duration.zero
  private var isFree = false
  private var countedAt = MonotonicInstant(nanoseconds: 0)
  private var timers: [Part: Int] = [:]
  private var lastTimer = 0
  private var stopped: Set<Part> = []

  /// A machine that it runs.
  enum Part: Hashable, CaseIterable { case relay, consumer }

  /// A round's claim.
  struct Claim {
    /// The fencing token.
    let token: Int64
    let holder: Observation.Holder
    var publishing = 0
  }

  static let relaySettings = OutboxSettings()

  static let consumerSettings: ConsumerSettings = {
    var settings = ConsumerSettings()
    settings.maximumInFlight = 4
    return settings
  }()

  init(index: Int, world: World) {
    self.index = index
    self.world = world
    (sessions, readSessions) = (2 + world.random.number(below: 3), 1 + world.random.number(below: 3))
    relay = RelayMachine(Self.relaySettings, destination: World.topic, jitter: .none)
    consumer = ConsumerMachine(
      Self.consumerSettings,
      retryPolicy: .immediate,
      hasDeadLetters: true,
      jitter: .none
    )
  }

  // MARK: Life

  var ticket: Ticket { Ticket(incarnation: incarnation) }

  func holder(_ round: Int) -> Observation.Holder {
    Observation.Holder(replica: index, incarnation: incarnation, round: round)
  }

  /// Messages and rows that something is done with.
  var held: Int { deliveries.count + receipts.count + claims.values.reduce(0) { $0 + $1.publishing } }

  /// When a session is due for replacement.
  var connectionAge: Duration { world.random.duration(.seconds(15), .seconds(60)) }

  var openConnections: Int { leases.openConnections + reads.openConnections }

  func start() {
    incarnation += 1
    (isUp, isStopping, isFrozen) = (true, false, false)
    backlog = []
    stopped = []
    timers = [:]
    (claims, deliveries, receipts, handlers) = ([:], [:], [:], [:])
    relay = RelayMachine(
      Self.relaySettings,
      destination: World.topic,
      jitter: Jitter(seed: world.random.next())
    )
    consumer = ConsumerMachine(
      Self.consumerSettings,
      retryPolicy: RetryPolicy([0, 1, 2]),
      hasDeadLetters: true,
      jitter: Jitter(seed: world.random.next())
    )
    let connector = SimulatedConnector(self)
    watch.forget()
    watch = SimulatedWatch(self)
    leases = SimulatedLeases(self, connector, watch)
    reads = SimulatedReads(self, connector, watch)
    watch.probe()
    note("starts")
    tell(RelayMachine.Event.started)
    tell(ConsumerMachine.Event.started)
  }

  /// Ends without a word.
  func crash(for duration: Duration) {
    guard isUp else { return }
    note("crashes")
    end()
    let ended = incarnation
    world.schedule(after: duration) { [weak self] in
      guard let self, incarnation == ended, !isUp else { return }
      start()
    }
  }

  private func end() {
    isUp = false
    incarnation += 1
    // Of a process that ends the server hears, but not of a machine that is cut off.
    let isHeard = world.random.chance(70)
    leases.vanish(isHeard: isHeard)
    reads.vanish(isHeard: isHeard)
    (claims, deliveries, receipts, handlers) = ([:], [:], [:], [:])
  }

  /// Does nothing for a while, and then everything at once.
  func freeze(for duration: Duration) {
    guard isUp, !isFrozen else { return }
    note("freezes")
    isFrozen = true
    let frozen = incarnation
    world.schedule(after: duration) { [weak self] in
      guard let self, incarnation == frozen else { return }
      thaw()
    }
  }

  private func thaw() {
    guard isFrozen else { return }
    note("thaws")
    isFrozen = false
    lastThaw = world.now
    let late = backlog
    backlog = []
    for action in late { action() }
  }

  /// Nothing keeps it from its work any more.
  func recover() {
    isUp ? thaw() : start()
  }

  func stopGracefully(forGood: Bool = false) {
    isForGood = forGood
    guard isUp, !isStopping else { return }
    note("is stopped")
    isStopping = true
    if world.plant == .hastyStop {
      for part in Part.allCases { hasStopped(part) }
      return
    }
    receive(ticket) { [weak self] in
      self?.tell(RelayMachine.Event.stopping)
      self?.tell(ConsumerMachine.Event.stopping(by: nil))
    }
  }

  /// A machine has stopped.
  func hasStopped(_ part: Part) {
    stopped.insert(part)
    guard stopped.count == Part.allCases.count else { return }
    note("has stopped")
    world.observe(.stopped(replica: index, busy: held))
    end()
    let ended = incarnation
    world.schedule(after: .milliseconds(500)) { [weak self] in
      guard let self, incarnation == ended, !isForGood else { return }
      start()
    }
  }

  // MARK: What reaches it

  /// Runs what has come for a process, unless it is no more; a frozen one does so later.
  func receive(_ ticket: Ticket, _ action: @escaping () -> Void) {
    guard ticket == self.ticket else { return }
    guard !isFrozen else { return backlog.append { [weak self] in self?.receive(ticket, action) } }
    action()
  }

  /// Has something done at the end of the step, unless the process is no more by then.
  func soon(_ action: @escaping () -> Void) {
    let ticket = ticket
    world.soon { [weak self] in if ticket == self?.ticket { action() } }
  }

  /// Has it know that rows were committed, if that reaches it.
  func notify() {
    guard isUp, !world.random.chance(world.faults.loss) else { return }
    let ticket = ticket
    world.schedule(after: world.trip()) { [weak self] in
      self?.receive(ticket) { self?.tell(.woken) }
    }
  }

  func sleep(_ part: Part, until instant: MonotonicInstant, _ fire: @escaping () -> Void) {
    if world.plant == .lostTimer { return }
    lastTimer += 1
    timers[part] = lastTimer
    let (ticket, number) = (ticket, lastTimer)
    world.schedule(at: world.plant == .hotTimer ? world.now : instant) { [weak self] in
      self?.receive(ticket) {
        if self?.timers[part] == number { fire() }
      }
    }
  }

  /// Lets go of what knows it.
  func forget() {
    (backlog, cancelPoll) = ([], nil)
    watch.forget()
    leases.vanish(isHeard: false)
    reads.vanish(isHeard: false)
  }

  // MARK: Free sessions

  func countFreeTime() {
    if isFree { freeTime += world.now.duration(since: countedAt) }
    countedAt = world.now
  }

  func seeWhetherFree() { isFree = isUp && !isFrozen && reads.hasFreeSession }

  func note(_ line: @autoclosure () -> String) { world.note { "replica \(index) \(line())" } }
}
