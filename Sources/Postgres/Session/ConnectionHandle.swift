internal import CLibPQ
import EventLoops
internal import Glibc
internal import Time

/// The owner of one PGconn: thin names over libpq's non-blocking calls. Belongs to one loop; `deinit` ends the
/// session, which only writes to the socket without waiting.
final class ConnectionHandle {
  private let pointer: OpaquePointer
  private let notices: NoticeSink
  /// There once the connection is open.
  private var cancelRequest: CancelRequest?

  /// PQcancel opens a connection of its own and waits for its end, so it has threads of its own.
  private static let cancelThreads = BlockingThreads("db-cancel", maximum: 4)
  /// How long a request may wait for a thread. Those before it hang by then, and whoever wanted the statement stopped
  /// has given the connection up.
  private static let cancelPatience = Duration.seconds(2)

  /// Begins to connect; nil when memory is short.
  init?(_ settings: [(keyword: String, value: String)], notices: NoticeSink) {
    var keywords: [UnsafePointer<CChar>?] = settings.map { UnsafePointer(strdup($0.keyword)) }
    var values: [UnsafePointer<CChar>?] = settings.map { UnsafePointer(strdup($0.value)) }
    defer { for text in keywords + values { free(UnsafeMutablePointer(mutating: text)) } }
    keywords.append(nil)
    values.append(nil)
    guard let pointer = PQconnectStartParams(keywords, values, 0) else { return nil }
    self.pointer = pointer
    self.notices = notices
    notices.attach(to: pointer)
  }

  deinit {
    if let cancelRequest { PostgresSessions.remove(cancelRequest) }
    // PQfinish sends what is buffered first. At the end of the process nobody would hear of that: the system closes the
    // connection.
    if !PostgresSessions.isOver { PQfinish(pointer) }
  }

  // MARK: State

  var isBad: Bool { PQstatus(pointer) == CONNECTION_BAD }
  var socket: Int32 { PQsocket(pointer) }
  var toldProcessID: Int32 { PQbackendPID(pointer) }
  var isTLS: Bool { PQsslInUse(pointer) == 1 }
  var isIdleOutsideTransaction: Bool { PQtransactionStatus(pointer) == PQTRANS_IDLE }
  var errorText: String {
    PQerrorMessage(pointer).map { PostgresResult.trim(String(cString: $0)) } ?? ""
  }

  func connectPoll() -> PostgresPollingStatusType { PQconnectPoll(pointer) }

  /// Makes an open connection ready for work: no call on it will block, and statements are pipelined.
  func prepareForWork() -> Bool {
    guard PQsetnonblocking(pointer, 1) == 0, enterPipelineMode(), let request = CancelRequest(pointer) else {
      return false
    }
    cancelRequest = request
    PostgresSessions.add(request)
    return true
  }

  func enterPipelineMode() -> Bool { PQenterPipelineMode(pointer) == 1 }
  func exitPipelineMode() -> Bool { PQexitPipelineMode(pointer) == 1 }

  // MARK: Sending

  func sendPrepare(name: String, sql: String, types: [UInt32]) -> Bool {
    PQsendPrepare(pointer, name, sql, Int32(truncatingIfNeeded: types.count), types) == 1
  }

  func sendPrepared(name: String, _ parameters: [PostgresValue], encoder: ParameterEncoder) -> Bool {
    let count = Int32(truncatingIfNeeded: parameters.count)
    return encoder.withEncoded(parameters) { values, lengths, formats in
      PQsendQueryPrepared(pointer, name, count, values, lengths, formats, 1)
    } == 1
  }

  /// One statement with parameters, unprepared, in pipeline mode.
  func sendOnce(
    _ sql: String,
    types: [UInt32],
    _ parameters: [PostgresValue],
    encoder: ParameterEncoder
  ) -> Bool {
    let count = Int32(truncatingIfNeeded: parameters.count)
    return encoder.withEncoded(parameters) { values, lengths, formats in
      PQsendQueryParams(pointer, sql, count, types, values, lengths, formats, 1)
    } == 1
  }

  /// One statement without parameters, unprepared, in pipeline mode.
  func sendText(_ sql: String) -> Bool { PQsendQueryParams(pointer, sql, 0, nil, nil, nil, nil, 1) == 1 }

  /// Any number of statements without parameters, outside pipeline mode. Sends them.
  func sendScript(_ sql: String) -> Bool { !PostgresSessions.isOver && PQsendQuery(pointer, sql) == 1 }

  /// Marks the end of a batch and sends what is buffered.
  func sendSync() -> Bool { !PostgresSessions.isOver && PQpipelineSync(pointer) == 1 }

  /// Has the server send its answers to what came before, without waiting for the end of the batch.
  func sendFlushRequest() -> Bool { PQsendFlushRequest(pointer) == 1 }

  enum FlushResult { case done, wouldBlock, failed }

  func flush() -> FlushResult {
    if PostgresSessions.isOver { return .failed }
    return switch PQflush(pointer) {
    case 0: .done
    case 1: .wouldBlock
    default: .failed
    }
  }

  // MARK: Receiving

  /// Reads once what is there; false when the connection is gone.
  func consumeInput() -> Bool { PQconsumeInput(pointer) == 1 }

  /// Whether the next result has not wholly arrived.
  var isBusy: Bool { PQisBusy(pointer) == 1 }

  func nextResult() -> PostgresResult? { PQgetResult(pointer).map(PostgresResult.init) }

  func nextNotification() -> (channel: String, payload: String)? {
    guard let notification = PQnotifies(pointer) else { return nil }
    defer { PQfreemem(notification) }
    guard let channel = notification.pointee.relname, let payload = notification.pointee.extra else {
      return nil
    }
    return (String(cString: channel), String(cString: payload))
  }

  /// Whether the kernel holds bytes for this connection, or its end.
  var hasUnreadBytes: Bool {
    var byte: UInt8 = 0
    return recv(socket, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT)) >= 0
  }

  // MARK: Cancelling

  /// Has the server stop what this connection runs, which is about to be closed: a statement that waits for a lock
  /// would go on without anybody to hear of it.
  func stopBeforeClosing() {
    guard let request = cancelRequest else { return }
    cancelRequest = nil
    PostgresSessions.stop(request)
  }

  /// Asks the server to stop what this connection runs. `completion` runs on `loop` once the server has been told, or
  /// could not be.
  func cancel(on loop: EventLoop, completion: @escaping @Sendable () -> Void) {
    guard let request = cancelRequest else {
      loop.execute(completion)
      return
    }
    let end = loop.now() + Self.cancelPatience
    Self.cancelThreads.run {
      if loop.now() < end { request.send() }
      loop.execute(completion)
    }
  }
}
