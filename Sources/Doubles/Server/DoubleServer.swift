package import EventLoops
package import HTTPTransport
package import Logging

/// A double of another service on the loopback interface.
package struct DoubleServer: Sendable {
  private let server: HTTPServer
  /// Where it listens.
  package let address: SocketAddress

  private static let host = "127.0.0.1"

  /// The base URL for its clients.
  package var url: String { "http://\(address)" }

  /// - Parameter port: the port to try first; if it is taken, or 0, the kernel chooses.
  /// - Throws: `SystemError`.
  package static func start(
    port: UInt16,
    group: EventLoopGroup,
    logger: Logger,
    responder: @escaping Responder
  ) async throws(SystemError) -> DoubleServer {
    var configuration = HTTPServerConfiguration()
    // Longer than any caller waits, so that it is the caller who gives up on a double that hangs.
    configuration.requestTimeout = .seconds(120)
    configuration.gzipMinimumBytes = nil
    func attempt(_ port: UInt16) async throws(SystemError) -> DoubleServer {
      guard let address = SocketAddress(numeric: host, port: port) else {
        throw SystemError(call: "inet_pton", errno: 0)
      }
      let server = HTTPServer(
        configuration: configuration,
        tls: nil,
        group: group,
        logger: logger,
        responder: responder
      )
      return DoubleServer(server: server, address: try await server.start(address: address))
    }
    if port != 0, let started = try? await attempt(port) { return started }
    return try await attempt(0)
  }

  /// Stops it.
  /// - Parameter limit: what requests in flight may still take.
  package func shutdown(within limit: Duration) async { await server.shutdown(within: limit) }
}
