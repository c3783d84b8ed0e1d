internal import Events
internal import Time

/// The story of a run: chaos, calm, an end.
extension World {
  static let topic = "domain-events"
  static let queue = "main"
  static let deadLetters = "dead"
  static let subjects = ["A", "B", "C", "D", "E"]
  /// The subject that prison API's changes are about.
  static let patient = "P"

  func live() {
    setUp()
    let chaosEnd = now + random.duration(.seconds(5), .seconds(15))
    write(until: chaosEnd)
    change(until: chaosEnd)
    client.live(until: chaosEnd)
    disturb(until: chaosEnd)
    run(until: chaosEnd)
    heal()
    finish("what was committed is published, handled and settled", within: .seconds(240))
    warmUp()
    calm()
    finish("what was committed in the calm is", within: .seconds(240))
    lookAround()
    if random.chance(30) { switchOver() }
    stop()
  }

  private func setUp() {
    broker.createTopic(Self.topic)
    broker.createQueue(
      QueueDefinition(
        Self.queue,
        deadLetterQueue: Self.deadLetters,
        maximumReceiveCount: 5,
        subscriptions: [SubscriptionDefinition(topic: Self.topic)]
      )
    )
    let count = 1 + random.number(below: 3)
    replicas = (0..<count).map { Replica(index: $0, world: self) }
    for replica in replicas { replica.start() }
    keepHouse()
  }

  /// What the database's server does by itself.
  private func keepHouse() {
    if plant != .lockLeak { server.endIdle(for: .seconds(10)) }
    schedule(after: .seconds(1)) { [weak self] in self?.keepHouse() }
  }

  func anyReplica() -> Replica { replicas[random.number(below: replicas.count)] }

  // MARK: Changes

  /// Callers change things all the time.
  private func write(until end: MonotonicInstant) {
    guard now < end else { return }
    commitSomething()
    schedule(after: random.duration(.milliseconds(1), .milliseconds(800))) { [weak self] in
      self?.write(until: end)
    }
  }

  private func commitSomething() {
    let session = database.begin(wall: clock.wall, at: now)
    var subjects: Set<String> = []
    for _ in 0...random.number(below: 3) {
      let subject = Self.subjects[random.number(below: Self.subjects.count)]
      guard subjects.contains(subject) || database.lock(subject, in: session) else { continue }
      subjects.insert(subject)
      // As after a copy of another environment's database, and as a release wrote them that noted nothing.
      let isOurs = !random.chance(3)
      let row = database.append(
        subject,
        for: isOurs ? (random.chance(10) ? nil : Self.topic) : "elsewhere",
        in: session
      )
      if phase == .chaos, random.chance(5) { limits[row] = random.chance(50) ? 0 : 1000 }
    }
    let isKept = !random.chance(10)
    schedule(after: random.duration(.milliseconds(1), .milliseconds(phase == .chaos ? 300 : 3))) {
      [weak self] in
      guard let self, isKept, let rows = database.commit(session) else {
        self?.database.rollback(session)
        return
      }
      announce(rows)
    }
  }

  /// Rows were committed; those that are new are the relays' business.
  func announce(_ rows: [Int64: ModelDatabase.Row?]) {
    let new = rows.values.compactMap { $0 }.sorted { $0.id < $1.id }
    if new.isEmpty { return }
    for row in new {
      let isOurs = row.destination == nil || row.destination == Self.topic
      observe(.committed(row: row.id, subject: row.subject, isOurs: isOurs))
    }
    note { "committed \(new.map(\.id))" }
    for replica in replicas { replica.notify() }
  }

  // MARK: Rest

  private func heal() {
    (faults, upstream.refuses) = (Faults(), false)
    phase = .healed
    server.thaw()
    for replica in replicas { replica.recover() }
    note { "all is well" }
    observe(.healed)
  }

  /// What was held up in the chaos becomes known as quick again. While a kind counts as slow, it may have to wait for what is.
  private func warmUp() {
    client.live(until: now + .seconds(3), every: .milliseconds(100), isQuick: true)
    run(until: now + .seconds(3))
  }

  private func calm() {
    phase = .calm
    observe(.calm)
    client.live(until: now + .seconds(8), every: .milliseconds(200))
    for number in 0..<8 {
      let at = random.duration(.zero, .seconds(1)) + .seconds(number)
      // In bursts, because it is then that things are in flight.
      for _ in 0...random.number(below: 8) {
        schedule(after: at + random.duration(.zero, .milliseconds(30))) { [weak self] in
          self?.commitSomething()
        }
      }
    }
    run(until: now + .seconds(10))
  }

  private func finish(_ what: String, within limit: Duration) {
    run(until: now + limit, unless: { isAtRest })
    if violation == nil, !isAtRest { violate("in vain for \(limit): \(what). \(rest)") }
  }

  /// Whether nothing is left to do.
  private var isAtRest: Bool {
    database.isSettled && broker.isEmpty(Self.queue) && database.openSessions == 0
      && replicas.allSatisfy { $0.held == 0 && $0.leases.held == 0 && $0.reads.held == 0 } && areChangesOver
  }

  private var areChangesOver: Bool {
    upstreamCalls == 0 && untoldReleases == 0 && changes.allSatisfy(\.isOver)
      && !patients.hasOpenRows(at: now)
  }

  private var rest: String {
    let waiting = database.rows.values.filter(\.isWaiting).map(\.id).sorted()
    let held = replicas.map { [$0.held, $0.leases.held, $0.reads.held] }
    return """
      rows \(waiting), \(database.openSessions) transactions, messages, leases and reads \(held), \
      queue \(broker.ids(Self.queue)), \(changes.count { !$0.isOver }) changes, \(upstreamCalls) calls of prison API, \
      \(untoldReleases) discharges to tell of
      """
  }

  private func lookAround() {
    phase = .healed
    run(until: now + .seconds(1))
    if violation != nil { return }
    observe(
      .atRest(
        connections: server.openBackends,
        known: replicas.reduce(0) { $0 + $1.openConnections },
        agreesOrIsSeen: patients.hasRecord == upstream.isInHospital || patients.hasOutstanding(at: now)
      )
    )
  }

  // MARK: The end

  private func switchOver() {
    phase = .switched
    server.switchOver()
    client.live(until: now + .seconds(8))
    run(until: now + .seconds(14))
  }

  private func stop() {
    phase = .ending
    for replica in replicas { replica.stopGracefully(forGood: true) }
    run(until: now + .seconds(60), unless: { replicas.allSatisfy { !$0.isUp } })
    for replica in replicas where replica.isUp { violate("replica \(replica.index) does not stop") }
  }
}

extension ModelBroker {
  /// Whether there is nothing on the queue, hidden messages included.
  func isEmpty(_ queue: String) -> Bool { queues[queue]?.messages.isEmpty ?? true }

  /// What is on the queue.
  func ids(_ queue: String) -> [String] { queues[queue]?.messages.map(\.id) ?? [] }
}
