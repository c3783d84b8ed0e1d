internal import COpenSSL

/// The TLS state of one connection, over its non-blocking descriptor.
///
/// Owns the `SSL` and frees it; belongs to the stream that made it.
final class TLSSession {
  private let ssl: OpaquePointer
  private let context: TLSContext
  private let serverName: String?
  /// OpenSSL forbids further calls after such an error, a close-notify among them.
  private var hasFailed = false

  /// - Parameters:
  ///   - serverName: whom a client speaks with; nil for a server.
  ///   - isAddress: whether that is a numeric address.
  init(
    context: TLSContext,
    fileDescriptor: Int32,
    serverName: String?,
    isAddress: Bool
  ) throws(StreamError) {
    guard let ssl = SSL_new(context.pointer) else { throw .tls(TLSContext.lastError()) }
    self.ssl = ssl
    self.context = context
    self.serverName = serverName
    guard SSL_set_fd(ssl, fileDescriptor) == 1 else { throw .tls(TLSContext.lastError()) }
    if context.isServer {
      SSL_set_accept_state(ssl)
      return
    }
    SSL_set_connect_state(ssl)
    guard let serverName else { throw .tls("a client needs the server's name") }
    let parameters = SSL_get0_param(ssl)
    // An address in a certificate stands in its IP entries, and SNI carries names only (RFC 6066 §3).
    let isSet =
      isAddress
      ? X509_VERIFY_PARAM_set1_ip_asc(parameters, serverName) == 1
      : SSL_set1_host(ssl, serverName) == 1 && gateway_ssl_set_server_name(ssl, serverName) == 1
    guard isSet else { throw .tls("cannot check for the server name \(serverName)") }
    SSL_set_hostflags(ssl, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
    if let session = context.takeSession(for: serverName) {
      SSL_set_session(ssl, session)
      SSL_SESSION_free(session)
    }
  }

  deinit {
    if !context.isServer, let serverName, SSL_is_init_finished(ssl) == 1, let session = SSL_get1_session(ssl)
    {
      if SSL_SESSION_is_resumable(session) == 1 {
        context.keepSession(session, for: serverName)
      } else {
        SSL_SESSION_free(session)
      }
    }
    SSL_free(ssl)
  }

  var version: String { String(cString: SSL_get_version(ssl)) }

  /// Whether this connection resumed an earlier session.
  var isResumed: Bool { SSL_session_reused(ssl) == 1 }

  func handshake() throws(StreamError) -> StreamAttempt {
    ERR_clear_error()
    let result = SSL_do_handshake(ssl)
    if result == 1 { return .bytes(0) }
    let verification = SSL_get_verify_result(ssl)
    if !context.isServer, verification != X509_V_OK {
      let reason = String(cString: X509_verify_cert_error_string(verification))
      throw .tls("certificate of \(serverName ?? "the server") refused: \(reason)")
    }
    let attempt = try outcome(of: result)
    if case .endOfStream = attempt { throw .reset }
    return attempt
  }

  func read(
    into buffer: inout ByteBuffer,
    through scratch: UnsafeMutableRawBufferPointer
  ) throws(StreamError) -> StreamAttempt {
    guard !hasFailed else { throw .reset }
    ERR_clear_error()
    var result: Int32 = 0
    let ssl = ssl
    let count = buffer.append(through: scratch) { space in
      result = SSL_read(ssl, space.baseAddress, Int32(clamping: space.count))
      return Int(result)
    }
    return count > 0 ? .bytes(count) : try outcome(of: result)
  }

  func write(from buffer: inout ByteBuffer) throws(StreamError) -> StreamAttempt {
    guard !hasFailed else { throw .reset }
    ERR_clear_error()
    let ssl = ssl
    let result = buffer.withReadableBytes { SSL_write(ssl, $0.baseAddress, Int32(clamping: $0.count)) }
    if result > 0 {
      buffer.consume(Int(result))
      return .bytes(Int(result))
    }
    return try outcome(of: result)
  }

  /// Tells the peer that no more data will come (RFC 8446 §6.1), without waiting for its answer. Repeated calls
  /// do nothing.
  func sendCloseNotify() {
    guard !hasFailed, SSL_is_init_finished(ssl) == 1, SSL_get_shutdown(ssl) & SSL_SENT_SHUTDOWN == 0 else {
      return
    }
    ERR_clear_error()
    SSL_shutdown(ssl)
    ERR_clear_error()
  }

  /// An end without the peer's close-notify counts as a reset: it may have cut off what the peer meant to send.
  private func outcome(of result: Int32) throws(StreamError) -> StreamAttempt {
    switch SSL_get_error(ssl, result) {
    case SSL_ERROR_WANT_READ: return .mustWait(.readable)
    case SSL_ERROR_WANT_WRITE: return .mustWait(.writable)
    case SSL_ERROR_ZERO_RETURN: return .endOfStream
    case SSL_ERROR_SYSCALL:
      hasFailed = true
      throw .reset
    default:
      hasFailed = true
      let isCutOff = ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING
      let text = TLSContext.lastError()
      throw isCutOff ? .reset : .tls(text)
    }
  }
}
