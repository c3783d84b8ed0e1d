internal import Time

/// How replicas call the database and the broker: each call and each answer takes its time, and may be lost.
extension World {
  enum Server { case upstream, broker }

  /// What a caller gets.
  enum Reply<Answer> {
    case answer(Answer)
    /// Nobody knows whether it was done.
    case silence
    /// It was not done.
    case refused
  }

  /// - Parameters:
  ///   - deadline: when the caller gives up.
  ///   - extraDelay: on the way there.
  ///   - body: what the server does, when the call has come; nil for an answer that it gives later, by `answer`.
  ///   - then: runs on the replica, once, if it is still the same process.
  func call<Answer>(
    from replica: Replica,
    to server: Server,
    before deadline: MonotonicInstant,
    extraDelay: Duration = .zero,
    _ body: @escaping (_ answer: @escaping (Answer) -> Void) -> Void,
    then: @escaping (Reply<Answer>) -> Void
  ) {
    let ticket = replica.ticket
    var isOver = false
    func end(_ reply: Reply<Answer>) {
      replica.receive(ticket) {
        if isOver { return }
        isOver = true
        then(reply)
      }
    }
    schedule(at: deadline) { end(.silence) }
    let outage = server == .broker ? faults.brokerAway : faults.upstreamAway
    if outage == .refusing { return schedule(after: trip()) { end(.refused) } }
    if outage == .silent || random.chance(faults.loss) { return }
    if server == .upstream { upstreamCalls += 1 }
    schedule(after: trip() + extraDelay) { [self] in
      if server == .upstream { upstreamCalls -= 1 }
      body { answer in
        if self.random.chance(self.faults.loss) { return }
        self.schedule(after: self.trip()) { end(.answer(answer)) }
      }
    }
  }

  /// How long a message takes.
  func trip() -> Duration { random.duration(.microseconds(100), faults.delay) }

  /// When bytes of a connection come: in their order, and late if they had to be sent again.
  func arrival(after last: MonotonicInstant) -> MonotonicInstant {
    var instant = now + trip()
    if random.chance(faults.loss) { instant = instant + random.duration(.milliseconds(200), .seconds(2)) }
    if faults.databaseAway == .silent { instant = max(instant, faults.databaseReturns) }
    return max(instant, last)
  }
}

/// A poll that waits for messages.
struct Poll {
  let limit: Int
  let end: MonotonicInstant
  let answer: ([Arrived]) -> Void
}

extension World {
  /// Has a poll wait, and answers it if there is something.
  func wait(_ poll: Poll) {
    polls.append(poll)
    schedule(at: poll.end) { [weak self] in self?.servePolls() }
    servePolls()
  }

  /// Answers polls that messages have come for, or whose time is over.
  func servePolls() {
    var waiting: [Poll] = []
    for poll in polls {
      let taken = take(poll.limit)
      if taken.isEmpty, now < poll.end { waiting.append(poll) } else { poll.answer(taken) }
    }
    polls = waiting
    guard !polls.isEmpty, let next = broker.nextVisible(on: Self.queue), next > now, next != nextServing
    else { return }
    nextServing = next
    schedule(at: next) { [weak self] in
      self?.nextServing = nil
      self?.servePolls()
    }
  }

  private func take(_ limit: Int) -> [Arrived] {
    let reorders = random.chance(faults.reordering)
    let taken = try? broker.receive(from: Self.queue, limit: limit, at: now) { count in
      reorders ? Array(0..<count).shuffled(using: &random) : Array(0..<count)
    }
    return (taken ?? []).map(Arrived.init)
  }
}
