import EventLoops
import HTTPTransport
import HTTPTypes
import Logging
import Testing
import Time

@Suite("TLS")
struct ServerTLSTests {
  @Test("A TLS connection is served like any other, is secure, and gets Strict-Transport-Security")
  func served() async throws {
    let certificates = try TestCertificates()
    defer { certificates.remove() }
    let server = HTTPServer(
      configuration: HTTPServerConfiguration(),
      tls: try TLSContext(
        certificateFile: certificates.serverCertificate,
        privateKeyFile: certificates.serverKey
      ),
      group: testLoops,
      logger: Logger(label: "test"),
      responder: { request in
        let body = (try? await request.body()) ?? []
        return ServerResponse(status: .ok, body: body + Array(" \(request.isSecure)".utf8))
      }
    )
    let address = try await server.start(address: SocketAddress(numeric: "127.0.0.1", port: 0)!)
    let client = HTTPClient(
      group: testLoops,
      tls: try TLSContext(trustedCertificatesFile: certificates.authority)
    )
    let url = try HTTPURL("https://localhost:\(address.port)/")
    let sent = [UInt8](repeating: 65, count: 300_000)
    for _ in 0..<3 {
      let request = ClientRequest(method: .post, url: url, body: sent)
      let answer = try await client.send(request, deadline: .now() + .seconds(10))
      #expect(answer.body == sent + Array(" true".utf8))
      #expect(answer.fields[.strictTransportSecurity] == "max-age=31536000 ; includeSubDomains")
    }
    await client.shutdown()
    await server.shutdown(within: .seconds(5))
  }

  @Test("A client that speaks plain HTTP, or nothing, to a TLS server is closed")
  func plainClient() async throws {
    let certificates = try TestCertificates()
    defer { certificates.remove() }
    var configuration = HTTPServerConfiguration()
    configuration.headerReadTimeout = .milliseconds(200)
    let server = HTTPServer(
      configuration: configuration,
      tls: try TLSContext(
        certificateFile: certificates.serverCertificate,
        privateKeyFile: certificates.serverKey
      ),
      group: testLoops,
      logger: Logger(label: "test"),
      responder: echo
    )
    let address = try await server.start(address: SocketAddress(numeric: "127.0.0.1", port: 0)!)
    let plain = try RawConnection(port: address.port)
    plain.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(!String(decoding: try plain.readToEnd(), as: UTF8.self).contains("HTTP/1.1"))
    let silent = try RawConnection(port: address.port)
    #expect(try silent.isClosedSilently())
    await server.shutdown(within: .zero)
    #expect(server.openConnections == 0)
  }
}
