import EventLoops
import HTTPTypes
import Logging
import Testing
import Time

@testable import HTTPTransport

@Suite("A server of both address families", .enabled(if: SocketAddress.machineHasIPv6))
struct BothFamiliesTests {
  @Test(
    "The wildcard of IPv6 takes clients of both families, each with its own address, and trusts what is private"
  )
  func wildcard() async throws {
    let group = try EventLoopGroup(count: 1)
    let server = HTTPServer(
      configuration: HTTPServerConfiguration(),
      tls: nil,
      group: group,
      logger: Logger(label: "test"),
      responder: { request in
        ServerResponse(status: .ok, body: Array((request.remoteAddress?.host ?? "?").utf8))
      }
    )
    let wildcard = try #require(SocketAddress(numeric: "::", port: 0))
    let address = try await server.start(address: wildcard)
    #expect(address.description == "[::]:\(address.port)")
    let client = HTTPClient(group: group)
    for (host, peer) in [("127.0.0.1", "127.0.0.1"), ("[::1]", "::1")] {
      let response = try await client.send(
        ClientRequest(
          url: try HTTPURL("http://\(host):\(address.port)/"),
          fields: [try #require(HTTPField.Name("X-Forwarded-Proto")): "https"]
        ),
        deadline: .now() + .seconds(30)
      )
      #expect(String(decoding: response.body, as: UTF8.self) == peer)
      #expect(response.fields[.strictTransportSecurity] != nil)
    }
    await client.shutdown()
    // What holds the port for one family holds it for the other.
    for host in ["::", "0.0.0.0"] {
      let taken = try #require(SocketAddress(numeric: host, port: address.port))
      #expect(throws: SystemError.self) { try Listener.checkFree(taken) }
    }
    await server.shutdown(within: .seconds(5))
    group.shutdown()
  }
}
