/// How to reach a database, and how much of it to use.
public struct PostgresConfiguration: Sendable, CustomStringConvertible {
  /// A libpq connection string or URL (PostgreSQL manual, 34.1.1). It may hold a password, so it is never printed.
  public var connectionString: String
  /// Pipelined connections for reads, for each event loop. Default 2: while the server works on one batch, the next
  /// travels on the other.
  public var readConnections = 2
  /// Connections for transactions, for each event loop. Default 4.
  public var writeConnections = 4
  /// Statements in flight on one read connection. Default 128.
  public var maximumInFlight = 128
  /// Callers that may wait for a connection, for each event loop and kind. Default 1024.
  public var maximumWaiting = 1024
  /// How long a caller waits for a connection. Default 1 second.
  public var leaseTimeout: Duration = .seconds(1)
  /// How long one statement may run on the server, whatever its caller's deadline. Default 10 seconds.
  public var statementTimeout: Duration = .seconds(10)
  /// How long connecting may take. Default 5 seconds.
  public var connectTimeout: Duration = .seconds(5)

  public init(connectionString: String) { self.connectionString = connectionString }

  public var description: String { "PostgresConfiguration(****)" }
}
