internal import Events
internal import Time

/// The story of a run: chaos, calm, an end.
extension World {
  static let topic = "domain-events"
  static let queue = "main"
  static let deadLetters = "dead"
  static let subjects = ["A", "B", "C", "D", "E"]

  func live() {
    setUp()
    let chaosEnd = now + random.duration(.seconds(10), .seconds(40))
    write(until: chaosEnd)
    disturb(until: chaosEnd)
    run(until: chaosEnd)
    heal()
    finish("what was committed is published, handled and settled", within: .seconds(240))
    calm()
    finish("what was committed in the calm is", within: .seconds(240))
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
    if plant != .lockLeak { database.endIdle(for: .seconds(10), at: now) }
    schedule(after: .seconds(1)) { [weak self] in self?.keepHouse() }
  }

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
    var rows: [(row: Int64, subject: String, isOurs: Bool)] = []
    for _ in 0...random.number(below: 3) {
      let subject = Self.subjects[random.number(below: Self.subjects.count)]
      guard rows.contains(where: { $0.subject == subject }) || database.lock(subject, in: session) else {
        continue
      }
      // As after a copy of another environment's database, and as a release wrote them that noted nothing.
      let isOurs = !random.chance(3)
      let destination = isOurs ? (random.chance(10) ? nil : Self.topic) : "elsewhere"
      let row = database.append(subject, for: destination, in: session)
      if !isHealed, random.chance(5) { limits[row] = random.chance(50) ? 0 : 1000 }
      rows.append((row, subject, isOurs))
    }
    let isKept = !random.chance(10)
    schedule(after: random.duration(.milliseconds(1), .milliseconds(isHealed ? 3 : 300))) { [weak self] in
      guard let self, isKept, database.commit(session) != nil else {
        self?.database.rollback(session)
        return
      }
      for row in rows { observe(.committed(row: row.row, subject: row.subject, isOurs: row.isOurs)) }
      note { "committed \(rows.map(\.row))" }
      for replica in replicas { replica.notify() }
    }
  }

  // MARK: Trouble

  private func disturb(until end: MonotonicInstant) {
    guard now < end else { return }
    switch random.number(below: 12) {
    case 0, 1: faults = changed { Faults.chaos(&$0) }
    case 2: replica().crash(for: random.duration(.milliseconds(100), .seconds(20)))
    case 3, 4: replica().freeze(for: random.duration(.milliseconds(100), .seconds(40)))
    case 5: replica().stopGracefully()
    case 6, 7:
      faults.brokerAway = random.chance(50) ? .refusing : .silent
      note { "the broker is away" }
      schedule(after: random.duration(.milliseconds(500), .seconds(12))) { [weak self] in
        self?.faults.brokerAway = .none
      }
    case 8:
      faults.databaseAway = random.chance(50) ? .refusing : .silent
      note { "the database is away" }
      schedule(after: random.duration(.milliseconds(500), .seconds(12))) { [weak self] in
        self?.faults.databaseAway = .none
      }
    case 9:
      // Forwards no further than a claim has time to spare: a claim ends by the server's clock, and what was sent just
      // before such a jump would come after what another relay sends.
      clock.jumps = max(.seconds(-30), clock.jumps + random.duration(.seconds(-30), .seconds(4)))
      note { "the server's clock jumps" }
    default:
      broker.duplicate(on: Self.queue, at: now) { random.number(below: $0) }
      servePolls()
    }
    schedule(after: random.duration(.milliseconds(100), .seconds(4))) { [weak self] in
      self?.disturb(until: end)
    }
  }

  /// Another minute of chaos, with the outages that there are.
  private func changed(_ make: (inout Seed) -> Faults) -> Faults {
    var next = make(&random)
    (next.brokerAway, next.databaseAway) = (faults.brokerAway, faults.databaseAway)
    note { "loss \(next.loss) %, delay \(next.delay)" }
    return next
  }

  private func replica() -> Replica { replicas[random.number(below: replicas.count)] }

  private func heal() {
    faults = Faults()
    isHealed = true
    for replica in replicas { replica.recover() }
    note { "all is well" }
    observe(.healed)
  }

  // MARK: Calm

  private func calm() {
    observe(.calm)
    for number in 0..<8 {
      let at = random.duration(.zero, .seconds(1)) + .seconds(number)
      // In bursts, because it is then that things are in flight.
      for _ in 0...random.number(below: 3) {
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
    database.openSessions == 0 && replicas.allSatisfy { $0.held == 0 } && broker.isEmpty(Self.queue)
      && database.rows.values.allSatisfy { !$0.isWaiting && $0.claim == nil }
  }

  private var rest: String {
    let waiting = database.rows.values.filter(\.isWaiting).map(\.id).sorted()
    let held = replicas.map(\.held)
    return
      "rows \(waiting), \(database.openSessions) transactions, messages \(held), queue \(broker.ids(Self.queue))"
  }

  private func stop() {
    for replica in replicas { replica.stopGracefully(forGood: true) }
    run(until: now + .seconds(60), unless: { replicas.allSatisfy { !$0.isUp } })
    for replica in replicas where replica.isUp { violate("replica \(replica.index) does not stop") }
  }
}

extension ModelBroker {
  /// Whether there is nothing on the queue, hidden messages included.
  func isEmpty(_ queue: String) -> Bool { ids(queue).isEmpty }

  /// What is on the queue.
  func ids(_ queue: String) -> [String] { queues[queue]?.messages.map(\.id) ?? [] }
}
