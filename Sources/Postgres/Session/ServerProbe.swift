import EventLoops
internal import Time

/// Asks a fresh connection, now and then, which server it reached. Old connections cannot tell that an address has moved,
/// and sessions that only read never learn that theirs may not write.
final class ServerProbe {
  /// A read is then at most this, and the time of a connection, older than the switch to another server.
  static let interval = Duration.milliseconds(2500)

  private let connector: Connector
  private let configuration: PostgresConfiguration
  private let watch: ServerWatch
  private var connection: PostgresConnection?
  private var isOpening = false
  private var timer: ScheduledTimer?
  private var isClosed = false

  init(connector: Connector, configuration: PostgresConfiguration, watch: ServerWatch) {
    self.connector = connector
    self.configuration = configuration
    self.watch = watch
  }

  func start() {
    guard !isClosed else { return }
    timer = connector.loop.schedule(after: Self.interval) { [weak self] in
      self?.ask()
      self?.start()
    }
  }

  func close() {
    isClosed = true
    timer?.cancel()
    end()
  }

  private func ask() {
    guard !isOpening else { return }
    end()
    isOpening = true
    connector.open { [weak self] result in self?.opened(result) }
  }

  private func opened(_ result: Result<ConnectionHandle, PostgresError>) {
    isOpening = false
    guard !isClosed, case .success(let handle) = result else { return }
    connection = try? PostgresConnection(
      handle,
      number: SessionNumber(0),
      shapes: connector.shapes,
      loop: connector.loop,
      owner: self
    )
    guard let connection else { return }
    connection.send(
      SessionSetUp.job(for: connection, configuration, isReadOnly: true, at: connector.loop.now())
    )
    connection.endBatch()
  }

  private func end() {
    connection?.close()
    connection = nil
  }
}

extension ServerProbe: PostgresConnectionOwner {
  func connection(_ connection: PostgresConnection, answered id: StatementID, _ answer: StatementAnswer) {
    if case .rows(let rows) = answer, let server = SessionSetUp.server(in: rows) { watch.serverIs(server) }
  }

  func connectionDidSynchronise(_ connection: PostgresConnection) {
    // Not while it tells.
    connector.loop.atEndOfTick { [weak self] in self?.end() }
  }

  func connection(_ connection: PostgresConnection, lost error: PostgresError, by id: StatementID?) {
    self.connection = nil
  }
}
