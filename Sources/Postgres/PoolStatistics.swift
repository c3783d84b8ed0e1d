/// How busy a database's connections are.
public struct PoolStatistics: Hashable, Sendable {
  /// Open connections.
  public var connections: Int
  /// Reads in flight, or leases given out.
  public var inUse: Int
  /// Callers that wait for a place.
  public var waiting: Int

  public init(connections: Int, inUse: Int, waiting: Int) {
    self.connections = connections
    self.inUse = inUse
    self.waiting = waiting
  }

  public static func + (left: Self, right: Self) -> Self {
    PoolStatistics(
      connections: left.connections + right.connections,
      inUse: left.inUse + right.inUse,
      waiting: left.waiting + right.waiting
    )
  }
}
