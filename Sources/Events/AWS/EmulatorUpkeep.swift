internal import Concurrency
public import EventLoops
public import Logging
public import Time

/// Makes what an emulator lacks, however late it starts and however often it is recreated: when it is reached for the
/// first time, whenever a call hints that it was recreated, and each minute.
public actor EmulatorUpkeep {
  nonisolated let loop: EventLoop
  public nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

  /// How often it is looked after without a hint, and how often hints are looked at.
  private static let interval = Duration.seconds(60)
  private static let glance = Duration.seconds(1)
  /// For making everything.
  private static let timeout = Duration.seconds(20)

  private let provisioner: LocalStackProvisioner
  private nonisolated let topics: [EmulatorTopic]
  private let queues: [QueueDefinition]
  private nonisolated let hints: BrokerHints
  private let logger: Logger
  private let rounds: Rounds
  /// When everything is made again without a hint.
  private var due = MonotonicInstant(nanoseconds: 0)
  /// What was logged last, so that it is logged once.
  private var said: [String]?

  /// - Parameters:
  ///   - broker: whose own calls give no hints.
  ///   - topics: those that are published to, and those that queues are subscribed to.
  ///   - hints: of the broker that the topics and queues in use belong to.
  public init(
    broker: AWSBroker,
    topics: [EmulatorTopic],
    queues: [QueueDefinition],
    hints: BrokerHints,
    loop: EventLoop,
    logger: Logger
  ) throws(BrokerError) {
    provisioner = try LocalStackProvisioner(broker)
    self.topics = topics
    self.queues = queues
    self.hints = hints
    self.loop = loop
    self.logger = logger
    rounds = Rounds(
      every: Self.glance,
      first: .zero,
      backOff: BackOff(initial: .milliseconds(250), maximum: .seconds(2)),
      clock: loop
    )
  }

  /// Begins. Call it once.
  public func start() { rounds.start(on: loop) { await self.glance() } }

  public func stop() async { await rounds.stop() }

  /// Makes everything if it is time, or a hint asks for it.
  /// - Returns: false if that failed, so that it is tried again.
  private func glance() async -> Bool {
    let isAsked = hints.take()
    guard isAsked || loop.now() >= due else { return true }
    due = loop.now()
    do throws(BrokerError) {
      try await prepare()
      due = loop.now() + Self.interval
      return true
    } catch {
      guard !Task.isCancelled else { return false }
      for topic in topics { topic.lost(error) }
      say(["the emulator cannot be prepared, and is tried again: \(error)"])
      return false
    }
  }

  private func prepare() async throws(BrokerError) {
    let arns = try await provisioner.create(
      topics: topics.map(\.name),
      queues: queues,
      deadline: loop.now() + Self.timeout
    )
    let complaints = topics.compactMap { $0.found(at: arns[$0.name]) }
    guard said != complaints else { return }
    say(complaints)
    if complaints.isEmpty { logger.notice("the emulator has all topics and queues") }
  }

  private func say(_ texts: [String]) {
    guard said != texts else { return }
    said = texts
    for text in texts { logger.error("\(text)") }
  }

  /// Finds out where the topics are, and makes nothing.
  /// - Returns: what is wrong with the names of topics.
  /// - Throws: `BrokerError` if the emulator does not say.
  public nonisolated func look(deadline: MonotonicInstant) async throws(BrokerError) -> [String] {
    do throws(BrokerError) {
      let arns = try await provisioner.topics(deadline: deadline)
      return topics.compactMap { $0.found(at: arns[$0.name]) }
    } catch {
      for topic in topics { topic.lost(error) }
      throw error
    }
  }
}
