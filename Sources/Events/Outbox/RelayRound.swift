internal import Time

/// A round of a ``RelayMachine``: the rows of one claim, and how far each has got.
struct RelayRound: Equatable, Sendable {
  enum Stage: Equatable, Sendable {
    case claiming
    case publishing
    case settling(RelayMachine.Settlement)
    /// Until the settlement is tried again.
    case pausing(RelayMachine.Settlement, until: MonotonicInstant)
  }

  /// How far a row has got that is being sent.
  private enum Step: Equatable, Sendable {
    case sent
    /// The broker calls its content invalid: perhaps the destination takes less than others.
    case refused(size: Int)
    case asking(size: Int)
    case limited(Int)
    /// Sent once more, so that it fitted.
    case sentWithin
  }

  private struct Flight: Equatable, Sendable {
    let row: RelayMachine.Row
    let deadline: MonotonicInstant
    var step = Step.sent
  }

  let number: Int
  /// The rows at most.
  let limit: Int
  /// When the claim ends by itself.
  let claimEnd: MonotonicInstant
  private(set) var claimedAt: MonotonicInstant?
  var stage = Stage.claiming
  /// Pauses between tries to settle.
  var backOff = BackOff(initial: .milliseconds(20), maximum: .seconds(1), hasJitter: false)
  private var waiting: ArraySlice<RelayMachine.Row> = []
  private var flights: [Flight] = []
  /// Flights that an action is due for.
  private var dueFlights = 0
  private(set) var published: [Int64] = []
  private(set) var setAside: [RelayMachine.Settlement.SetAside] = []
  private(set) var failed: [RelayMachine.Row] = []
  private(set) var untried: [Int64] = []

  init(number: Int, limit: Int, claimEnd: MonotonicInstant) {
    self.number = number
    self.limit = limit
    self.claimEnd = claimEnd
  }

  /// Whether something became of every row.
  var isDone: Bool { stage == .publishing && waiting.isEmpty && flights.isEmpty }

  // MARK: Events, each with whether it could be

  mutating func claimed(_ rows: [RelayMachine.Row], at now: MonotonicInstant) -> Bool {
    guard stage == .claiming else { return false }
    stage = .publishing
    claimedAt = now
    waiting = rows[...]
    return true
  }

  mutating func published(_ row: Int64) -> Bool {
    guard let index = index(of: row) else { return false }
    flights.remove(at: index)
    published.append(row)
    return true
  }

  mutating func failed(_ row: Int64, _ kind: BrokerError.Kind, size: Int) -> Bool {
    guard let index = index(of: row) else { return false }
    if kind != .refused {
      failed.append(flights.remove(at: index).row)
    } else if flights[index].step == .sent {
      flights[index].step = .refused(size: size)
      dueFlights += 1
    } else {
      flights.remove(at: index)
      setAside.append(.init(row: row, cause: .refused))
    }
    return true
  }

  mutating func limitTold(_ row: Int64, _ limit: Int?) -> Bool {
    guard let index = index(of: row), case .asking(let size) = flights[index].step else { return false }
    if let limit, limit < size {
      flights[index].step = .limited(limit)
      dueFlights += 1
    } else {
      flights.remove(at: index)
      setAside.append(.init(row: row, cause: .refused))
    }
    return true
  }

  /// Perhaps the message can be made to fit: it is tried again, rather than set aside for the broker's trouble.
  mutating func limitNotTold(_ row: Int64) -> Bool {
    guard let index = index(of: row), case .asking = flights[index].step else { return false }
    failed.append(flights.remove(at: index).row)
    return true
  }

  private func index(of row: Int64) -> Int? { flights.firstIndex { $0.row.id == row } }

  // MARK: Publishing

  /// What to do next for a row; nil while there is nothing.
  /// - Parameters:
  ///   - destination: what rows that go there name; nil takes every row.
  ///   - maximumInFlight: calls of the broker at once.
  mutating func publish(
    to destination: String?,
    maximumInFlight: Int,
    timeout: Duration,
    at now: MonotonicInstant
  ) -> RelayMachine.Action? {
    guard stage == .publishing else { return nil }
    if dueFlights > 0, let action = due() { return action }
    while flights.count < maximumInFlight, let row = waiting.popFirst() {
      if let meant = row.destination, let destination, meant != destination {
        setAside.append(.init(row: row.id, cause: .misdirected(to: meant)))
        continue
      }
      // Sent after the claim has ended, it could overtake what another relay sends.
      let deadline = now + timeout
      guard deadline < claimEnd else {
        untried.append(row.id)
        continue
      }
      flights.append(Flight(row: row, deadline: deadline))
      return .publish(row: row.id, round: number, within: nil, before: deadline)
    }
    return nil
  }

  private mutating func due() -> RelayMachine.Action? {
    for index in flights.indices {
      let (row, deadline) = (flights[index].row.id, flights[index].deadline)
      switch flights[index].step {
      case .refused(let size):
        flights[index].step = .asking(size: size)
        dueFlights -= 1
        return .askLimit(row: row, round: number, before: deadline)
      case .limited(let limit):
        flights[index].step = .sentWithin
        dueFlights -= 1
        return .publish(row: row, round: number, within: limit, before: deadline)
      case .sent, .asking, .sentWithin: continue
      }
    }
    return nil
  }
}
