import Time

@testable import RestrictedPatientsModule

/// Callers who all want to discharge or remove one prisoner, with everything going wrong for a while: one thread, no tasks,
/// and the same story for the same seed.
final class ExternalChangeWorld {
  enum Commit { case done, refused, uncertain }

  /// The numbers of a run (SplitMix64).
  struct Random: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var mixed = state
      mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
      mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
      return mixed ^ (mixed >> 31)
    }

    mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }
  }

  private(set) var now = MonotonicInstant(nanoseconds: 1_000_000_000_000)
  var random: Random
  var upstream = ModelUpstream()
  var patients = ModelPatients()
  /// Messages lost, of a hundred.
  private(set) var loss = 0
  private var databaseIsAway = false
  private var isHealed = false
  private var queue: [(at: MonotonicInstant, number: Int, body: () -> Void)] = []
  private var lastNumber = 0
  private var callers: [SimulatedCaller] = []
  /// Of which changes nobody knows whether prison API has made them, since it was told last.
  private var unanswered: Set<ExternalChange.Operation> = []
  private(set) var failure: String?
  private(set) var transcript: [String] = []
  /// Whether lines of the transcript are kept.
  private let isTold: Bool
  /// In which states changes have ended.
  private(set) var ends: [ExternalChange.State: Int] = [:]

  init(seed: UInt64, isTold: Bool = false) {
    random = Random(state: seed &* 0xD1B5_4A32_D192_ED03 &+ 1)
    self.isTold = isTold
  }

  func note(_ line: () -> String) {
    if isTold { transcript.append("\(now.nanoseconds / 1_000_000 - 1_000_000) ms: \(line())") }
  }

  func fail(_ text: String) {
    note { text }
    failure = failure ?? text
  }

  func schedule(after delay: Duration, _ body: @escaping () -> Void) {
    lastNumber += 1
    queue.append((now + delay, lastNumber, body))
  }

  func trip() -> Duration { .milliseconds(Int.random(in: 1...(isHealed ? 20 : 400), using: &random)) }

  /// What becomes of a transaction.
  func commits() -> Commit {
    if databaseIsAway { return .refused }
    return random.chance(loss / 2) ? .uncertain : .done
  }

  // MARK: What prison API is told

  func told(_ operation: ExternalChange.Operation, _ row: Int?) {
    if !patients.isOpen(row, at: now) { fail("\(operation) is told without a row that keeps others out") }
    if unanswered.contains(operation) {
      fail("\(operation) is told again, and nobody has been asked or has decided")
    }
    unanswered.insert(operation)
  }

  /// The outcome of what it was told last is known.
  func knows(_ operation: ExternalChange.Operation) { unanswered.remove(operation) }

  func asked(_ operation: ExternalChange.Operation) {
    // Of a discharge only that it was made ends the doubt.
    if operation == .remove || upstream.has(operation) { unanswered.remove(operation) }
  }

  /// Prisoner search tells of a discharge after a while, again and again until it is taken.
  func tellOfRelease() {
    schedule(after: .milliseconds(Int.random(in: 100...60_000, using: &random))) { [self] in
      guard upstream.isInHospital else { return }
      if databaseIsAway || !patients.hearRelease(at: now) { return tellOfRelease() }
      unanswered.remove(.add)
    }
  }

  // MARK: The story

  /// - Returns: what was seen to be wrong; nil if all is well.
  func live() -> String? {
    let end = now + .seconds(240)
    arrive(until: end)
    disturb(until: end)
    run(until: end)
    (isHealed, loss, databaseIsAway, upstream.refuses) = (true, 0, false, false)
    run(until: now + .seconds(300))
    check()
    return failure
  }

  private func arrive(until end: MonotonicInstant) {
    guard now < end else { return }
    // Most want what can be; whoever discharges a patient, or removes nobody, is refused.
    let operation: ExternalChange.Operation = random.chance(80) != patients.hasRecord ? .add : .remove
    let caller = SimulatedCaller(operation, in: self)
    callers.append(caller)
    caller.start()
    let pause = random.chance(30) ? 10 : Int.random(in: 100...30_000, using: &random)
    schedule(after: .milliseconds(pause)) { [self] in arrive(until: end) }
  }

  private func disturb(until end: MonotonicInstant) {
    guard now < end else { return }
    switch Int.random(in: 0..<6, using: &random) {
    case 0: loss = random.chance(50) ? Int.random(in: 0..<40, using: &random) : 0
    case 1: databaseIsAway.toggle()
    case 2: upstream.refuses.toggle()
    case 3: callers.randomElement(using: &random)?.kill()
    case 4:
      callers.randomElement(using: &random)?.freeze(for: .seconds(Int.random(in: 1...120, using: &random)))
    default: decide()
    }
    schedule(after: .milliseconds(Int.random(in: 100...8_000, using: &random))) { [self] in
      disturb(until: end)
    }
  }

  /// A person looks into prison API once nothing can come any more, and settles what it does not have: what it has, the
  /// next request records.
  private func decide() {
    let isQuiet = callers.allSatisfy(\.isOver) && queue.allSatisfy { $0.at < now + .seconds(1) }
    guard isQuiet else { return }
    for operation in ExternalChange.Operation.allCases
    where patients.outstanding(operation, at: now) && !upstream.has(operation) {
      patients.settle(operation)
      unanswered.remove(operation)
    }
  }

  private func run(until end: MonotonicInstant) {
    while failure == nil,
      let index = queue.indices.min(by: {
        (queue[$0].at, queue[$0].number) < (queue[$1].at, queue[$1].number)
      }),
      queue[index].at <= end
    {
      let next = queue.remove(at: index)
      now = max(now, next.at)
      next.body()
    }
    now = max(now, end)
  }

  private func check() {
    guard failure == nil else { return }
    for caller in callers {
      if let state = caller.state { ends[state, default: 0] += 1 }
      if !caller.isOver { fail("a caller of \(caller.operation) has no answer") }
    }
    if patients.rows.contains(where: { !$0.isUnknown && $0.expiresAt > now }) {
      fail("a row is open for ever")
    }
    let isSeen = ExternalChange.Operation.allCases.contains { patients.outstanding($0, at: now) }
    if patients.hasRecord != upstream.isInHospital, !isSeen {
      fail("the record and prison API disagree, and nobody can see it")
    }
  }
}
