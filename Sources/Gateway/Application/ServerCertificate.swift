internal import EventLoops
internal import HTTPTransport
internal import Logging

/// The certificate the server shows, and how it comes by a new one.
final class ServerCertificate: Sendable {
  private let files: (certificate: String, privateKey: String)
  private let server: HTTPServer
  private let logger: Logger

  init(files: (certificate: String, privateKey: String), server: HTTPServer, logger: Logger) {
    self.files = files
    self.server = server
    self.logger = logger
  }

  static func context(_ files: (certificate: String, privateKey: String)) throws(StreamError) -> TLSContext {
    try TLSContext(certificateFile: files.certificate, privateKeyFile: files.privateKey)
  }

  /// Reads the files again, for connections that come from now on; files that cannot be used leave everything as it
  /// was. Blocks while it reads: call it off the event loops.
  /// - Returns: a task that ends when all loops use the new certificate; nil if it was refused.
  @discardableResult
  func reload() -> Task<Void, Never>? {
    do {
      let context = try Self.context(files)
      return Task.detached { [server, logger] in
        await server.replaceTLS(context)
        logger.notice("new connections get the certificate just read")
      }
    } catch {
      logger.error(
        "the certificate could not be read again; the old one stays",
        metadata: ["error": "\(error)"]
      )
      return nil
    }
  }
}
