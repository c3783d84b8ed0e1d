import EventLoops
internal import Time

/// What a listener to a channel is told.
public enum PostgresNotification: Hashable, Sendable {
  /// From here on the channel is heard: at the start, and again after each lost connection. What was notified before
  /// is gone, so look for yourself now.
  case listening
  /// A `NOTIFY` with its payload, empty if it had none.
  case notified(payload: String)
}

/// One connection of a database that hears notifications for any number of listeners, and comes back when it breaks.
final class NotificationListener {
  private typealias Sink = AsyncStream<PostgresNotification>.Continuation

  private let loop: EventLoop
  private let connector: Connector
  private var listeners: [UInt64: (channel: String, sink: Sink)] = [:]
  private var connection: PostgresConnection?
  private var heard: Set<String> = []
  private var isOpening = false
  private var isClosed = false

  init(connector: Connector) {
    loop = connector.loop
    self.connector = connector
  }

  var isConnected: Bool { connection != nil }

  func add(_ id: UInt64, to channel: String, _ sink: AsyncStream<PostgresNotification>.Continuation) {
    guard !isClosed else { return sink.finish() }
    let isNew = !listeners.values.contains { $0.channel == channel }
    listeners[id] = (channel, sink)
    guard let connection else { return open() }
    if heard.contains(channel) {
      sink.yield(.listening)
    } else if isNew {
      connection.send([Self.job("listen", channel)])
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
      connection?.send([Self.job("unlisten", channel)])
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

  /// The statement's name is the channel, to know it again by the answer.
  private static func job(_ verb: String, _ channel: String) -> StatementJob {
    let quoted = channel.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
    return StatementJob(
      PostgresStatement(name: channel, sql: "\(verb) \"\(quoted)\""),
      form: .text,
      deadline: .now()
    )
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
        maximumAge: .seconds(0),
        loop: loop,
        owner: self
      )
      self.connection = connection
      connection.isListening = true
      for channel in Set(listeners.values.map(\.channel)) { connection.send([Self.job("listen", channel)]) }
    } catch {
      open()
    }
  }

  private func tell(_ channel: String, _ notification: PostgresNotification) {
    for listener in listeners.values where listener.channel == channel { listener.sink.yield(notification) }
  }
}

extension NotificationListener: PostgresConnectionOwner {
  func connection(_ connection: PostgresConnection, answered job: StatementJob, _ answer: StatementAnswer) {
    switch answer {
    case .rows where job.statement.sql.hasPrefix("listen"):
      heard.insert(job.statement.name)
      tell(job.statement.name, .listening)
    case .rows, .notRun: break
    case .failed(let error): connection.lose(error)
    }
  }

  func connectionDidSynchronise(_ connection: PostgresConnection) {}
  func connectionDidDrain(_ connection: PostgresConnection) {}

  func connection(_ connection: PostgresConnection, lost error: PostgresError, unanswered: [StatementJob]) {
    self.connection = nil
    heard = []
    // A server that answers, but refuses to be listened to, must not be asked without pause.
    _ = loop.schedule(after: .milliseconds(100)) { [weak self] in self?.open() }
  }

  func connection(_ connection: PostgresConnection, notified channel: String, payload: String) {
    tell(channel, .notified(payload: payload))
  }
}
