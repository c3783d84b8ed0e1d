internal import Time

/// A session's first statement: says which server it is with, and has the server end what a process leaves behind that
/// vanishes or freezes. Of a process that ends, the system closes the connections; of one that is stopped, or whose
/// machine is cut off, the server hears nothing.
enum SessionSetUp {
  /// How long a transaction may wait for its client's next statement, which holds its locks all the time: less than the
  /// 20 seconds after which others may take over what a vanished process had claimed.
  static let idleInTransaction = Duration.seconds(15)

  /// - Parameters:
  ///   - connection: a new one.
  ///   - isReadOnly: whether writes are refused. Every statement between two syncs belongs to one implicit transaction,
  ///     so a write that shared a batch with a failing read would be undone after it was reported.
  static func job(
    for connection: PostgresConnection,
    _ configuration: PostgresConfiguration,
    isReadOnly: Bool,
    at now: MonotonicInstant
  ) -> StatementJob {
    var settings = settings(configuration)
    if isReadOnly { settings.append(("default_transaction_read_only", "on")) }
    // Older servers lack some of them. They hold where the session is ours alone: behind a pooler, which tells a process
    // of its own making, it may go to another client with all that was set.
    let calls = settings.map { name, value in
      "case when current_setting('\(name)', true) is not null then set_config('\(name)', '\(value)', false) end"
    }
    let sql = """
      select (extract(epoch from pg_postmaster_start_time() - timestamptz '2000-01-01 00:00:00+00') * 1000000)::bigint,
      \(calls.joined(separator: ",\n"))
      where pg_backend_pid() = \(connection.toldProcessID)
      """
    let statement = PostgresStatement(name: "session", sql: sql, isPrepared: false)
    return StatementJob(statement, form: .text, deadline: now + .seconds(5))
  }

  private static func settings(_ configuration: PostgresConfiguration) -> [(String, String)] {
    return [
      ("idle_in_transaction_session_timeout", milliseconds(configuration.idleInTransactionTimeout)),
      // A little less than a statement may take, so that such a wait is told as what it is.
      ("lock_timeout", milliseconds(configuration.statementTimeout * 0.9)),
      ("client_connection_check_interval", "5000"),
      // Compiling takes 30 ms and more, and is done where a statement might read much, whatever it does read.
      ("jit", "off"),
      ("tcp_keepalives_idle", "5"), ("tcp_keepalives_interval", "3"), ("tcp_keepalives_count", "3"),
      ("tcp_user_timeout", "15000"),
    ]
  }

  private static func milliseconds(_ duration: Duration) -> String {
    "\(max(1, duration.wholeNanoseconds / 1_000_000))"
  }

  /// Which server its answer names; nil behind a pooler.
  static func server(in rows: PostgresRows) -> ServerIdentity? {
    guard let row = rows.first, let time = try? row.int64(0) else { return nil }
    return ServerIdentity(startTime: time)
  }
}
