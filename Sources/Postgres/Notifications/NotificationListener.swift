import EventLoops
internal import Time

/// What happens on a channel.
public enum PostgresNotification: Hashable, Sendable {
  /// The connection listens from now on: at the start, and again after each lost connection. Earlier notifications
  /// are lost, so the listener must look by itself now.
  case listening
  /// A `NOTIFY` with its payload, empty if it had none.
  case notified(payload: String)
}

/// One connection of a database that receives notifications for any number of listeners, and is reopened when it breaks.
final class NotificationListener {
  private typealias Sink = AsyncStream<PostgresNotification>.Continuation

  private let loop: EventLoop
  private let connector: Connector
  private let configuration: PostgresConfiguration
  private let watch: ServerWatch
  private var listeners: [UInt64: (channel: String, sink: Sink)] = [:]
  private var connection: PostgresConnection?
  private var server: ServerIdentity?
  private var heard: Set<String> = []
  /// What was sent and is not answered, and whether it asks to listen.
  private var asked: [StatementID: (channel: String, isListen: Bool)] = [:]
  private var lastStatement: UInt32 = 0
  /// How long to wait before the next connection after one that was lost.
  private var pause = NotificationListener.shortestPause
  private var isOpening = false
  private var isClosed = false

  private static let shortestPause = Duration.milliseconds(100)
  /// A server that refuses `LISTEN`, as a standby does, is heard within a second of the end of that.
  private static let longestPause = Duration.milliseconds(800)

  init(connector: Connector, configuration: PostgresConfiguration, watch: ServerWatch) {
    loop = connector.loop
    self.connector = connector
    self.configuration = configuration
    self.watch = watch
  }

  var isConnected: Bool { connection != nil }

  func add(_ id: UInt64, to channel: String, _ sink: AsyncStream<PostgresNotification>.Continuation) {
    guard !isClosed else { return sink.finish() }
    let isNew = !listeners.values.contains { $0.channel == channel }
    listeners[id] = (channel, sink)
    guard connection != nil else { return open() }
    if heard.contains(channel) {
      sink.yield(.listening)
    } else if isNew {
      ask("listen", channel)
    }
  }

  func remove(_ id: UInt64) {
    guard let channel = listeners.removeValue(forKey: id)?.channel else { return }
    guard !listeners.values.contains(where: { $0.channel == channel }) else { return }
    heard.remove(channel)
    if listeners.isEmpty {
      connection?.close()
      connection = nil
    } else {
      ask("unlisten", channel)
    }
  }

  func close() {
    isClosed = true
    connection?.close()
    connection = nil
    for listener in listeners.values { listener.sink.finish() }
    listeners = [:]
  }

  /// Whether `channel` can be one: PostgreSQL cuts longer identifiers, and then hears another channel.
  static func isValid(_ channel: String) -> Bool {
    let bytes = channel.utf8
    return !bytes.isEmpty && bytes.count < 64 && !bytes.contains(0)
  }

  private func ask(_ verb: String, _ channel: String) {
    let quoted = channel.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
    let statement = PostgresStatement(name: verb, sql: "\(verb) \"\(quoted)\"", isPrepared: false)
    let job = StatementJob(statement, form: .text, deadline: loop.now())
    lastStatement += 1
    job.id = StatementID(lastStatement)
    asked[job.id] = (channel, verb == "listen")
    connection?.send(job)
    connection?.endBatch()
  }

  /// What is known of the server: to listen at one that nobody writes to is of no use.
  func hear(_ sign: ServerWatch.Sign) {
    guard let connection else { return }
    switch sign {
    case .suspected(let instant): if connection.opened >= instant { return }
    case .reaches(let reached): if server == nil || server == reached { return }
    }
    connection.lose(PostgresError(.connectionLost, detail: "the server may be another"))
  }

  private func open() {
    guard !isOpening, !isClosed, connection == nil, !listeners.isEmpty else { return }
    isOpening = true
    connector.open { [weak self] result in self?.opened(result) }
  }

  private func opened(_ result: Result<ConnectionHandle, PostgresError>) {
    isOpening = false
    guard !isClosed, !listeners.isEmpty else { return }
    do throws(PostgresError) {
      let connection = try PostgresConnection(
        try result.get(),
        number: SessionNumber(0),
        shapes: connector.shapes,
        loop: loop,
        owner: self
      )
      self.connection = connection
      connection.isListening = true
      connection.send(SessionSetUp.job(for: connection, configuration, isReadOnly: false, at: loop.now()))
      connection.endBatch()
      for channel in Set(listeners.values.map(\.channel)) { ask("listen", channel) }
    } catch {
      open()
    }
  }

  private func tell(_ channel: String, _ notification: PostgresNotification) {
    for listener in listeners.values where listener.channel == channel { listener.sink.yield(notification) }
  }
}

extension NotificationListener: PostgresConnectionOwner {
  func connection(_ connection: PostgresConnection, answered id: StatementID, _ answer: StatementAnswer) {
    let asked = asked.removeValue(forKey: id)
    switch answer {
    case .rows(let rows):
      if id == .setUp, let server = SessionSetUp.server(in: rows) {
        self.server = server
        watch.serverIs(server)
      }
      guard let asked, asked.isListen else { return }
      heard.insert(asked.channel)
      pause = Self.shortestPause
      tell(asked.channel, .listening)
    case .notRun: break
    case .failed(let error): connection.lose(error)
    }
  }

  func connection(_ connection: PostgresConnection, lost error: PostgresError, by id: StatementID?) {
    self.connection = nil
    server = nil
    heard = []
    asked = [:]
    // A server that answers but refuses `LISTEN` is asked less and less often.
    _ = loop.schedule(after: pause) { [weak self] in self?.open() }
    pause = min(pause * 2, Self.longestPause)
  }

  func connection(_ connection: PostgresConnection, notified channel: String, payload: String) {
    tell(channel, .notified(payload: payload))
  }
}
