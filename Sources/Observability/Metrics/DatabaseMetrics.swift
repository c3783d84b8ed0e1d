public import Postgres
public import ServiceKit
internal import Time

/// What tells the series of `db_client_operation_duration_seconds` apart (OpenTelemetry, "Database metrics").
struct StatementLabels: MetricLabels {
  static let names = ["db_namespace", "db_query_summary", "error_type"]

  let database: String
  /// The statement's name in the code.
  let statement: String
  let error: String

  var values: [String] { [database, statement, error] }

  /// Of what differs most: each statement hashes its labels.
  func hash(into hasher: inout Hasher) { hasher.combine(statement) }
}

/// Measures the statements of all databases, and their pools.
public struct DatabaseMetrics: Sendable {
  private let durations: DurationHistogram<StatementLabels>
  private let registry: MetricsRegistry

  /// - Parameter registry: gets the metrics of all databases.
  public init(_ registry: MetricsRegistry) {
    self.registry = registry
    durations = registry.durations(
      name: "db_client_operation_duration_seconds",
      help: "Time of database statements, the wait for a connection included.",
      labels: StatementLabels.self,
      boundaries: MetricsRegistry.statementBoundaries
    )
  }

  /// For `PostgresDatabase.init`.
  /// - Parameters:
  ///   - name: of the database: `non-associations`.
  ///   - place: its host and its name there: `db.example | non_associations`.
  public func observer(of name: String, at place: String, spans: Spans) -> any PostgresObserver {
    DatabaseObserver(name: name, durations: durations, spans: spans, place: place)
  }

  /// Adds what a database tells of its connections.
  /// - Parameter maximum: connections that each of the two pools may open, on all loops together.
  public func add(
    _ database: PostgresDatabase,
    name: String,
    maximum: (reads: Int, transactions: Int)
  ) {
    let poolLabel = "db_client_connection_pool_name"
    registry.read(
      .gauge,
      name: "db_client_connection_max",
      help: "Database connections that may be open, by pool."
    ) {
      [
        MetricSample([(poolLabel, "\(name)/reads")], maximum.reads),
        MetricSample([(poolLabel, "\(name)/transactions")], maximum.transactions),
      ]
    }
    let pools: [(name: String, of: @Sendable (PostgresStatistics) -> PostgresStatistics.Pool)] = [
      ("\(name)/reads", { $0.reads }), ("\(name)/transactions", { $0.transactions }),
    ]
    registry.read(
      .gauge,
      name: "db_client_connection_count",
      help: "Database connections, by pool and state."
    ) {
      let statistics = await database.statistics()
      return pools.flatMap { pool in
        let label = (poolLabel, pool.name)
        return [
          MetricSample([label, ("db_client_connection_state", "used")], pool.of(statistics).inUse),
          MetricSample([label, ("db_client_connection_state", "idle")], pool.of(statistics).idle),
        ]
      }
    }
    registry.read(
      .gauge,
      name: "db_client_connection_pending_requests",
      help: "Callers that wait for a database connection."
    ) {
      let statistics = await database.statistics()
      return pools.map {
        MetricSample([(poolLabel, $0.name)], $0.of(statistics).waiting)
      }
    }
  }
}
