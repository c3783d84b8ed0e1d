/// Where a database is and how much of it one process may use. Every limit is for one event loop, so a process with
/// four loops may open four times the connections. Prints without user, password or database name.
public struct PostgresConfiguration: Sendable {
  /// A libpq URL or keyword string (PostgreSQL's manual, "Connection Strings"), with several hosts and
  /// `target_session_attrs` if wanted. Files it names, such as `sslrootcert`, are read again at each connection.
  public var connectionString: String

  /// Who connects, in place of the connection string's user. Default nil: that one.
  public var user: String?

  /// In place of the connection string's password. Default nil: that one.
  public var password: String?

  /// Connections that all reads of a loop share in pipeline mode; the second and further ones are opened when the
  /// others are busy. So many less one may hold slow statements while other reads go on. Where there is only one, a second
  /// is opened for as long as a slow statement holds it. Default 2; at least 1.
  public var readConnectionsPerLoop = 2

  /// Connections for transactions, each leased to one caller at a time, opened when needed. Default 4; at least 1.
  public var transactionConnectionsPerLoop = 4

  /// How long a caller waits for a place on a connection before a `poolTimeout`, or a `connectionFailed` when there
  /// is no connection at all. Default 1 second.
  public var leaseTimeout = Duration.seconds(1)

  /// The longest that one statement may take, whatever its caller's deadline. Default 20 seconds.
  public var statementTimeout = Duration.seconds(20)

  /// For opening one connection, name resolution and authentication included. Default 5 seconds.
  public var connectTimeout = Duration.seconds(5)

  /// Statements sent on one read connection and not yet answered. Default 256.
  public var maximumInFlight = 256

  /// Callers that wait for a place, reads and transactions counted apart; one more gets a `poolExhausted`.
  /// Default 1,024.
  public var maximumWaiting = 1024

  /// After this age a connection is replaced once it is idle, so that a changed address or certificate takes effect. Default 30 minutes.
  public var maximumConnectionAge = Duration.seconds(1800)

  /// How long a transaction connection may lie idle before it is closed. Default 60 seconds.
  public var idleTimeout = Duration.seconds(60)

  /// How long a transaction may wait for its client's next statement, with its locks, before the server ends it.
  var idleInTransactionTimeout = SessionSetUp.idleInTransaction

  /// The longest pause between two attempts to connect to a server that does not answer. Default 400 milliseconds, so that
  /// a restarted server is in use within half a second.
  public var maximumReconnectDelay = Duration.milliseconds(400)

  /// The `application_name` shown in `pg_stat_activity`. Default `gateway`.
  public var applicationName = "gateway"

  /// - Parameter connectionString: a URL or keywords and values, as libpq takes them; may hold a password.
  public init(connectionString: String) { self.connectionString = connectionString }

  /// Whether libpq understands the connection string.
  /// - Throws: `PostgresError` of kind `.connectionFailed`; its description does not quote the string.
  public func validate() throws(PostgresError) { _ = try ConnectionParameters(self) }
}

extension PostgresConfiguration: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String {
    let hosts = (try? ConnectionParameters(self))?.hostDescription ?? "not understood"
    return
      "PostgresConfiguration(\(hosts), reads \(readConnectionsPerLoop), transactions \(transactionConnectionsPerLoop))"
  }

  public var debugDescription: String { description }

  public var customMirror: Mirror { Mirror(self, children: ["description": description]) }
}
