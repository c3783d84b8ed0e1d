internal import Time

/// Who has the connections to one origin, who waits for one, and which are idle: the decisions of a pool, without
/// sockets, timers or tasks.
///
/// A request holds a slot from `acquire` to `release`, whether it reuses a connection, connects, or connects again.
/// Idle connections are taken last in first out, so that in quiet times the oldest ones reach their time-out.
struct OriginPool<Connection: AnyObject> {
  struct Idle {
    let connection: Connection
    let since: MonotonicInstant
  }

  enum Acquisition {
    /// The slot is the caller's, with an idle connection.
    case reuse(Connection)
    /// The slot is the caller's, and it has to connect.
    case connect
    /// The caller waits under the number it gave.
    case wait
    /// As many wait as may.
    case full
  }

  enum Release {
    /// The slot goes to the one that has waited longest, with the connection, if there is one.
    case handOver(to: UInt64, Connection?)
    case settled
  }

  private let maximumConnections: Int
  private let maximumWaiting: Int
  private(set) var inUse = 0
  private(set) var idle: [Idle] = []
  private(set) var waiting: [UInt64] = []

  init(maximumConnections: Int, maximumWaiting: Int) {
    self.maximumConnections = max(1, maximumConnections)
    self.maximumWaiting = max(0, maximumWaiting)
  }

  var isEmpty: Bool { inUse == 0 && idle.isEmpty && waiting.isEmpty }

  /// - Parameter ticket: the number to wait under, if need be.
  mutating func acquire(ticket: UInt64) -> Acquisition {
    if let last = idle.popLast() {
      inUse += 1
      return .reuse(last.connection)
    }
    if inUse < maximumConnections {
      inUse += 1
      return .connect
    }
    guard waiting.count < maximumWaiting else { return .full }
    waiting.append(ticket)
    return .wait
  }

  /// Gives a slot back.
  /// - Parameter connection: one that can be used again, if there is one.
  mutating func release(_ connection: Connection?, at now: MonotonicInstant) -> Release {
    if let first = waiting.first {
      waiting.removeFirst()
      return .handOver(to: first, connection)
    }
    inUse = max(0, inUse - 1)
    if let connection { idle.append(Idle(connection: connection, since: now)) }
    return .settled
  }

  /// Forgets one that waits.
  mutating func stopWaiting(_ ticket: UInt64) { waiting.removeAll { $0 == ticket } }

  /// Takes out the idle connections that `isUnwanted` picks.
  mutating func removeIdle(where isUnwanted: (Idle) -> Bool) -> [Connection] {
    let removed = idle.filter(isUnwanted)
    idle.removeAll(where: isUnwanted)
    return removed.map(\.connection)
  }
}
