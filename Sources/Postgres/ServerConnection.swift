internal import CLibPQ
internal import DequeModule
internal import EventLoops

/// One connection to a server, in pipeline mode (PostgreSQL manual, 34.5): statements go out without waiting for the
/// answers of those before, and answers come back in order. It never blocks.
///
/// Owns its `PGconn`, and is touched only on its loop, by the actor that owns it: not Sendable.
final class ServerConnection {
  /// Called with what became of one statement.
  typealias Completion = (Result<PostgresRows, PostgresError>) -> Void

  private enum Expected {
    /// The answer to a Parse of this statement.
    case preparation(PostgresStatement)
    case answer(PostgresStatement?, Completion)
    case synchronisation
  }

  /// The server's process for this connection.
  let processID: Int32
  /// Called once when the connection has broken, after every statement got its error.
  var onBroken: ((PostgresError) -> Void)?
  /// Called for each notification of a channel this connection listens to.
  var onNotification: ((_ channel: String, _ payload: String) -> Void)?

  private let loop: EventLoop
  private var connection: OpaquePointer?
  private let source: ReadinessSource
  private var expected = Deque<Expected>()
  private var hasResult = false
  private var prepared: Set<PostgresStatement> = []
  private var needsSynchronisation = false

  /// Takes over a connected `PGconn`. Call it on `loop`.
  init(_ handle: ConnectionHandle, loop: EventLoop) throws(PostgresError) {
    let connection = handle.pointer
    self.connection = connection
    self.loop = loop
    processID = PQbackendPID(connection)
    do {
      source = try ReadinessSource(fileDescriptor: PQsocket(connection), loop: loop)
    } catch {
      PQfinish(connection)
      throw PostgresError(.connectionLost, message: error.description)
    }
    source.onReady = { [weak self] readiness in self?.ready(readiness) }
    guard PQsetnonblocking(connection, 1) == 0, PQenterPipelineMode(connection) == 1 else {
      let error = lastError()
      close()
      throw error
    }
  }

  deinit { close() }

  var isOpen: Bool { connection != nil }

  /// Statements sent and not yet answered.
  var inFlight: Int { expected.reduce(0) { if case .answer = $1 { $0 + 1 } else { $0 } } }

  // MARK: Sending

  /// Queues one statement; `flush()` sends it. The completion is called on the loop, exactly once, also when the
  /// connection breaks.
  func send(_ statement: PostgresStatement, _ parameters: [PostgresValue], _ completion: @escaping Completion)
  {
    let encoded: [[UInt8]?]
    do throws(PostgresError) {
      encoded = try parameters.map { (value) throws(PostgresError) in try value.encoded() }
    } catch {
      completion(.failure(error))
      return
    }
    guard let connection else {
      completion(.failure(PostgresError(.connectionLost, message: "the connection is closed")))
      return
    }
    if !prepared.contains(statement) {
      let types = parameters.map(\.typeOID)
      guard PQsendPrepare(connection, statement.name, statement.sql, Int32(clamping: types.count), types) == 1
      else {
        return completion(.failure(lastError()))
      }
      prepared.insert(statement)
      expected.append(.preparation(statement))
    }
    let isSent = ParameterBlock.withPointers(encoded) { values, lengths, formats in
      PQsendQueryPrepared(
        connection,
        statement.name,
        Int32(clamping: encoded.count),
        values,
        lengths,
        formats,
        1
      ) == 1
    }
    guard isSent else { return completion(.failure(lastError())) }
    expected.append(.answer(statement, completion))
    needsSynchronisation = true
  }

  /// Queues a command without parameters that is not worth preparing: `BEGIN`, `COMMIT`, `LISTEN …`.
  func send(command: String, _ completion: @escaping Completion) {
    guard let connection, PQsendQueryParams(connection, command, 0, nil, nil, nil, nil, 1) == 1 else {
      return completion(.failure(lastError()))
    }
    expected.append(.answer(nil, completion))
    needsSynchronisation = true
  }

  /// Ends the batch with one synchronisation point and sends it: a failing statement voids those behind it up to here.
  func flush() {
    guard let connection else { return }
    if needsSynchronisation {
      needsSynchronisation = false
      guard PQpipelineSync(connection) == 1 else { return breakUp(lastError()) }
      expected.append(.synchronisation)
    }
    if PQflush(connection) < 0 { breakUp(lastError()) }
  }

  /// Asks the server to cancel what this connection is running. The request goes over a connection of its own and
  /// blocks, so it is sent from another thread.
  func cancelOnServer() {
    guard let connection, let cancel = PQgetCancel(connection) else { return }
    CancelRequest(cancel).send()
  }

  // MARK: Receiving

  private func ready(_ readiness: Readiness) {
    guard let connection else { return }
    if readiness.contains(.writable), PQflush(connection) < 0 { return breakUp(lastError()) }
    guard readiness.contains(.readable) else { return }
    guard PQconsumeInput(connection) == 1 else { return breakUp(lastError()) }
    takeResults()
    takeNotifications()
    // Reading may have made room for what was still to be sent.
    if let connection = self.connection, PQflush(connection) < 0 { breakUp(lastError()) }
  }

  private func takeResults() {
    while let connection, let head = expected.first, PQisBusy(connection) == 0 {
      guard let result = PQgetResult(connection) else {
        // The end of one statement's results; anything else would be a null without a result, which means no news.
        guard hasResult else { return }
        hasResult = false
        expected.removeFirst()
        continue
      }
      if case .synchronisation = head {
        let isSynchronisation = PQresultStatus(result) == PGRES_PIPELINE_SYNC
        PQclear(result)
        guard isSynchronisation else {
          return breakUp(
            PostgresError(.connectionLost, message: "an answer came where a synchronisation was due")
          )
        }
        expected.removeFirst()
        continue
      }
      hasResult = true
      take(result, for: head)
    }
    if let connection, expected.isEmpty, PQstatus(connection) != CONNECTION_OK { breakUp(lastError()) }
  }

  private func take(_ result: OpaquePointer, for head: Expected) {
    let rows = PostgresRows(result)
    switch (PQresultStatus(result), head) {
    case (PGRES_TUPLES_OK, .answer(_, let completion)), (PGRES_COMMAND_OK, .answer(_, let completion)):
      completion(.success(rows))
    case (PGRES_COMMAND_OK, .preparation): break
    case (PGRES_PIPELINE_ABORTED, .answer(_, let completion)):
      completion(.failure(PostgresError.notRun))
    case (PGRES_PIPELINE_ABORTED, .preparation(let statement)): prepared.remove(statement)
    case (_, .preparation(let statement)): prepared.remove(statement)
    case (_, .answer(let statement, let completion)):
      let error = PostgresError(result: result)
      // 26000, 0A000: the prepared statement is gone, or its result type has changed with the schema.
      if let statement, error.sqlState == "26000" || error.sqlState == "0A000" { prepared.remove(statement) }
      completion(.failure(error))
    case (_, .synchronisation): break
    }
  }

  private func takeNotifications() {
    while let connection, let notification = PQnotifies(connection) {
      let channel = String(cString: notification.pointee.relname)
      let payload = String(cString: notification.pointee.extra)
      PQfreemem(notification)
      onNotification?(channel, payload)
    }
  }

  // MARK: Ending

  /// Closes the connection; statements in flight get `connectionLost`.
  func close() {
    finish(PostgresError(.connectionLost, message: "the connection was closed"))
    onBroken = nil
  }

  private func breakUp(_ error: PostgresError) {
    guard connection != nil else { return }
    let lost = PostgresError(.connectionLost, sqlState: error.sqlState, message: error.message)
    finish(lost)
    let action = onBroken
    onBroken = nil
    action?(lost)
  }

  private func finish(_ error: PostgresError) {
    guard let connection else { return }
    self.connection = nil
    source.close()
    PQfinish(connection)
    let unanswered = expected
    let isFirstAnswered = hasResult
    expected.removeAll()
    for (index, item) in unanswered.enumerated() {
      guard case .answer(_, let completion) = item, index > 0 || !isFirstAnswered else { continue }
      completion(.failure(error))
    }
  }

  private func lastError() -> PostgresError {
    guard let connection else { return PostgresError(.connectionLost, message: "the connection is closed") }
    return PostgresError(.connectionLost, message: String(cString: PQerrorMessage(connection)))
  }
}

extension PostgresError {
  /// A statement that the server skipped because one before it in the batch had failed: safe to send again.
  static let notRun = PostgresError(
    .other,
    sqlState: "GW001",
    message: "skipped: a statement before it failed"
  )

  /// The error in a failed result.
  init(result: OpaquePointer) {
    func field(_ code: Character) -> String? {
      guard let ascii = code.asciiValue, let text = PQresultErrorField(result, Int32(ascii)) else {
        return nil
      }
      return String(cString: text)
    }
    // The codes are PG_DIAG_SQLSTATE, PG_DIAG_CONSTRAINT_NAME and PG_DIAG_MESSAGE_PRIMARY, which are C macros.
    let state = field("C")
    self.init(
      state.map(Self.kind(ofSQLState:)) ?? .other,
      sqlState: state,
      constraint: field("n"),
      message: field("M") ?? String(cString: PQresultErrorMessage(result))
    )
  }
}
