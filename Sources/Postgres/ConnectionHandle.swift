internal import CLibPQ
internal import Dispatch
internal import EventLoops

/// A `PGconn` on its way from the thread that began it to the loop that will own it.
///
/// `@unchecked Sendable`: only one holder at a time uses the pointer; it is handed over, never shared.
struct ConnectionHandle: @unchecked Sendable {
  let pointer: OpaquePointer
}

/// A `PGcancel`, which libpq lets any thread use.
///
/// `@unchecked Sendable`: the one closure that sends it also frees it.
struct CancelRequest: @unchecked Sendable {
  private let pointer: OpaquePointer

  init(_ pointer: OpaquePointer) { self.pointer = pointer }

  func send() {
    DispatchQueue.global().async {
      var text = [CChar](repeating: 0, count: 256)
      // A cancel that cannot be delivered leaves the statement to the server's own statement_timeout.
      _ = PQcancel(pointer, &text, Int32(text.count))
      PQfreeCancel(pointer)
    }
  }
}

/// Opening connections. libpq resolves host names while it begins to connect, and that blocks; a connection is therefore
/// made on a thread of Dispatch's and handed to its loop when it stands.
enum Connector {
  /// Connects within the configuration's limit.
  /// - Throws: `PostgresError` of kind `connectionLost` with libpq's text.
  static func connect(_ configuration: PostgresConfiguration) async throws(PostgresError) -> ConnectionHandle
  {
    let result: Result<ConnectionHandle, PostgresError> = await withUnsafeContinuation { continuation in
      DispatchQueue.global().async { continuation.resume(returning: connectBlocking(configuration)) }
    }
    return try result.get()
  }

  static func connectBlocking(_ configuration: PostgresConfiguration) -> Result<
    ConnectionHandle, PostgresError
  > {
    let settings = [
      ("connect_timeout", String(max(2, configuration.connectTimeout.components.seconds))),
      ("fallback_application_name", "gateway"),
      ("client_encoding", "UTF8"),
      ("options", "-c statement_timeout=\(configuration.statementTimeout.wholeNanoseconds / 1_000_000)"),
      ("tcp_user_timeout", "20000"), ("keepalives_idle", "30"), ("keepalives_interval", "5"),
      ("keepalives_count", "3"), ("dbname", configuration.connectionString),
    ]
    // `dbname` is expanded as a connection string, which wins over what stands before it.
    let result = CStrings.withPointers(settings.map(\.0)) { keywords in
      CStrings.withPointers(settings.map(\.1)) { values in PQconnectdbParams(keywords, values, 1) }
    }
    guard let connection = result else {
      return .failure(PostgresError(.connectionLost, message: "out of memory"))
    }
    guard PQstatus(connection) == CONNECTION_OK else {
      let message = String(cString: PQerrorMessage(connection))
      PQfinish(connection)
      return .failure(PostgresError(.connectionLost, message: message))
    }
    PQsetNoticeProcessor(connection, { _, _ in }, nil)
    return .success(ConnectionHandle(pointer: connection))
  }
}

/// Arrays of C strings, ended by a null pointer.
enum CStrings {
  static func withPointers<Result>(
    _ texts: [String],
    _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Result
  ) -> Result {
    let block = texts.map { Array($0.utf8CString) }
    let flat = block.flatMap { $0 }
    return flat.withUnsafeBufferPointer { buffer in
      var offset = 0
      var pointers: [UnsafePointer<CChar>?] = []
      for text in block {
        pointers.append(buffer.baseAddress.map { $0 + offset })
        offset += text.count
      }
      pointers.append(nil)
      return pointers.withUnsafeBufferPointer { pointers in
        // The array holds at least its terminating null, so it has an address.
        pointers.baseAddress.map(body)
      } ?? body([nil])
    }
  }
}
