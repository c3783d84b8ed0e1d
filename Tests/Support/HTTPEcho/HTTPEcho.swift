import CZlib
import EventLoops
import Glibc
import HTTPTransport
import HTTPTypes
import Logging

/// A server for tests from outside the process: it listens on a free loopback port, prints the port, and
/// tells in the field `X-Echo` what it read of each request, as JSON. Ends when its standard input does.
@main
struct HTTPEcho {
  static func main() async throws {
    let group = try EventLoopGroup(count: 1)
    guard let loopback = SocketAddress(numeric: "127.0.0.1", port: 0), let echo = HTTPField.Name("X-Echo")
    else {
      return
    }
    var configuration = HTTPServerConfiguration()
    configuration.maximumConnections = 10_000
    let server = HTTPServer(
      configuration: configuration,
      tls: nil,
      group: group,
      logger: Logger(label: "echo")
    ) { request in
      do throws(RequestBodyError) {
        let body = try await request.body()
        let text = describe(request.head, body)
        return ServerResponse(status: .ok, fields: [echo: text], body: Array(text.utf8))
      } catch {
        return ServerResponse(status: error.status)
      }
    }
    let address = try await server.start(address: loopback)
    print(address.port)
    fflush(nil)
    while readLine() != nil {}
    await server.shutdown(within: .zero)
    group.shutdown()
  }

  /// Method and target hold no character that JSON would escape: the parser lets none through.
  private static func describe(_ head: RequestHead, _ body: [UInt8]) -> String {
    let query = head.target.query.raw
    let target = query.isEmpty ? head.target.path : "\(head.target.path)?\(query)"
    let checksum = body.withUnsafeBufferPointer { crc32(0, $0.baseAddress, UInt32(body.count)) }
    return
      #"{"method":"\#(head.method)","target":"\#(target)","length":\#(body.count),"crc32":\#(body.isEmpty ? 0 : checksum)}"#
  }
}
