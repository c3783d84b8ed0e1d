public import EventLoops
public import HTTPTransport
import Logging

/// A server of a test on the loopback interface, in place of a service that the code under test calls.
public enum LoopbackServer {
  /// This machine has no such address: never on one that has a loopback interface.
  private struct NoLoopback: Error {}

  /// Runs `body` with the server's base URL and a client; both end with it.
  public static func run<Value>(
    on group: EventLoopGroup,
    _ responder: @escaping Responder,
    _ body: (HTTPURL, HTTPClient) async throws -> Value
  ) async throws -> Value {
    let server = HTTPServer(
      configuration: HTTPServerConfiguration(),
      tls: nil,
      group: group,
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
      responder: responder
    )
    guard let loopback = SocketAddress(numeric: "127.0.0.1", port: 0) else { throw NoLoopback() }
    let address = try await server.start(address: loopback)
    let client = HTTPClient(group: group)
    let result: Result<Value, any Error>
    do {
      result = .success(try await body(try HTTPURL("http://\(address)"), client))
    } catch {
      result = .failure(error)
    }
    await client.shutdown()
    await server.shutdown(within: .zero)
    return try result.get()
  }
}
