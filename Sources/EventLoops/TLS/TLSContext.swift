internal import COpenSSL
internal import Synchronization

/// What TLS connections of one kind share: certificates, trust, protocol versions, sessions to resume.
///
/// TLS 1.2 and 1.3 only, with forward secrecy and authenticated encryption (Mozilla's "intermediate" set).
///
/// `@unchecked Sendable`: OpenSSL locks `SSL_CTX` itself once it is set up, which `init` does; sessions to resume
/// are behind a mutex.
public final class TLSContext: @unchecked Sendable {
  let pointer: OpaquePointer
  let isServer: Bool
  private let sessions = Mutex<[String: Session]>([:])
  private static let maximumSessions = 64

  /// One counted reference to an `SSL_SESSION`, which OpenSSL lets any thread use.
  private struct Session: @unchecked Sendable {
    let pointer: OpaquePointer
  }

  /// A client context.
  /// - Parameter trustedCertificatesFile: PEM file of authorities to trust in place of the system's.
  /// - Throws: `StreamError.tls` naming what could not be loaded.
  public init(trustedCertificatesFile: String? = nil) throws(StreamError) {
    pointer = try Self.makeContext(TLS_client_method())
    isServer = false
    _ = gateway_ssl_set_client_session_cache(pointer)
    SSL_CTX_set_verify(pointer, SSL_VERIFY_PEER, nil)
    let loaded =
      if let trustedCertificatesFile {
        SSL_CTX_load_verify_locations(pointer, trustedCertificatesFile, nil)
      } else {
        SSL_CTX_set_default_verify_paths(pointer)
      }
    guard loaded == 1 else {
      throw .tls(
        "cannot load trusted certificates from \(trustedCertificatesFile ?? "the system"): \(Self.lastError())"
      )
    }
  }

  /// A server context.
  /// - Parameters:
  ///   - certificateFile: PEM chain, the server's own certificate first.
  ///   - privateKeyFile: PEM private key that belongs to it.
  /// - Throws: `StreamError.tls` naming the file that could not be used.
  public init(certificateFile: String, privateKeyFile: String) throws(StreamError) {
    pointer = try Self.makeContext(TLS_server_method())
    isServer = true
    guard SSL_CTX_use_certificate_chain_file(pointer, certificateFile) == 1 else {
      throw .tls("cannot use certificate file \(certificateFile): \(Self.lastError())")
    }
    guard SSL_CTX_use_PrivateKey_file(pointer, privateKeyFile, SSL_FILETYPE_PEM) == 1 else {
      throw .tls("cannot use private key file \(privateKeyFile): \(Self.lastError())")
    }
    guard SSL_CTX_check_private_key(pointer) == 1 else {
      throw .tls("private key \(privateKeyFile) does not belong to certificate \(certificateFile)")
    }
    let sessionContext = Array("gateway".utf8)
    SSL_CTX_set_session_id_context(pointer, sessionContext, UInt32(sessionContext.count))
  }

  deinit {
    sessions.withLock { for session in $0.values { SSL_SESSION_free(session.pointer) } }
    SSL_CTX_free(pointer)
  }

  private static func makeContext(_ method: OpaquePointer?) throws(StreamError) -> OpaquePointer {
    guard let context = SSL_CTX_new(method) else { throw .tls(lastError()) }
    let ciphers =
      "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
      + "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"
    guard gateway_ssl_set_minimum_tls12(context) == 1, SSL_CTX_set_cipher_list(context, ciphers) == 1 else {
      let error = lastError()
      SSL_CTX_free(context)
      throw .tls(error)
    }
    SSL_CTX_set_options(context, gateway_ssl_options())
    _ = gateway_ssl_set_modes(context)
    return context
  }

  /// A session of an earlier connection to `serverName`, to resume; the caller owns it.
  func takeSession(for serverName: String) -> OpaquePointer? {
    sessions.withLock { $0.removeValue(forKey: serverName)?.pointer }
  }

  /// Keeps a session for the next connection to `serverName`, and owns it from now on.
  func keepSession(_ session: OpaquePointer, for serverName: String) {
    let kept = Session(pointer: session)
    sessions.withLock { sessions in
      if let old = sessions.updateValue(kept, forKey: serverName) { SSL_SESSION_free(old.pointer) }
      while sessions.count > Self.maximumSessions,
        let other = sessions.keys.first(where: { $0 != serverName })
      {
        if let dropped = sessions.removeValue(forKey: other) { SSL_SESSION_free(dropped.pointer) }
      }
    }
  }

  /// The oldest error in OpenSSL's queue of this thread, which is emptied.
  static func lastError() -> String {
    let code = ERR_get_error()
    ERR_clear_error()
    guard code != 0 else { return "unknown error" }
    var text = [CChar](repeating: 0, count: 256)
    ERR_error_string_n(code, &text, text.count)
    return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}
