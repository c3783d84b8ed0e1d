internal import CLibPQ
internal import Logging

/// Where the server's notices and warnings go: to the log at debug level, for they may quote data.
final class NoticeSink: Sendable {
  private let logger: Logger

  init(logger: Logger) { self.logger = logger }

  private func receive(_ text: String) {
    logger.debug("database notice", metadata: ["notice": "\(PostgresResult.trim(text))"])
  }

  /// Makes `connection` send its notices here. This object must outlive the connection.
  func attach(to connection: OpaquePointer) {
    PQsetNoticeProcessor(
      connection,
      { context, message in
        guard let context, let message else { return }
        Unmanaged<NoticeSink>.fromOpaque(context).takeUnretainedValue().receive(String(cString: message))
      },
      Unmanaged.passUnretained(self).toOpaque()
    )
  }
}
