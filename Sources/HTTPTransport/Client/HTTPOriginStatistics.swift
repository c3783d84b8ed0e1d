/// How a client's connections to one origin are used at a moment, all loops together.
public struct HTTPOriginStatistics: Sendable, Hashable {
  public let origin: HTTPOrigin
  /// Requests that hold a connection or are connecting.
  public internal(set) var inUse: Int
  /// Connections kept for the next request.
  public internal(set) var idle: Int
  /// Requests that wait for a connection.
  public internal(set) var waiting: Int
}
