/// How busy a database's connections are, over all loops: for metrics, and for tests that find leaked leases.
public struct PostgresStatistics: Hashable, Sendable {
  /// One kind of connection.
  public struct Pool: Hashable, Sendable {
    /// Connections leased to a transaction, or with statements in flight.
    public var inUse = 0
    /// Open connections with nothing to do.
    public var idle = 0
    /// Callers waiting for a place.
    public var waiting = 0
    /// Statements sent and not yet answered.
    public var inFlight = 0
    /// Open connections.
    public var total: Int { inUse + idle }

    static func + (left: Self, right: Self) -> Self {
      Pool(
        inUse: left.inUse + right.inUse,
        idle: left.idle + right.idle,
        waiting: left.waiting + right.waiting,
        inFlight: left.inFlight + right.inFlight
      )
    }
  }

  /// The shared connections of the read path.
  public var reads = Pool()
  /// The connections leased to transactions.
  public var transactions = Pool()
  /// Connections that listen for notifications.
  public var listeners = 0

  static func + (left: Self, right: Self) -> Self {
    PostgresStatistics(
      reads: left.reads + right.reads,
      transactions: left.transactions + right.transactions,
      listeners: left.listeners + right.listeners
    )
  }
}
