import EventLoops
import Foundation
import HTTPTransport
import HTTPTypes
import Testing

@testable import Gateway

@Suite("HTTPS certificate reload")
struct CertificateReloadTests {
  @Test("New connections get the new certificate, open ones live on, and bad files change nothing")
  func reload() async throws {
    let files = try CertificateFiles()
    defer { files.remove() }
    try files.install("first")
    try await withGateway(settings: files.settings) { (gateway) async throws in
      let certificate = try #require(gateway.application.certificate)
      let group = try World.group.get()
      let first = HTTPClient(
        group: group,
        tls: try TLSContext(trustedCertificatesFile: files.certificate("first"))
      )
      let second = HTTPClient(
        group: group,
        tls: try TLSContext(trustedCertificatesFile: files.certificate("second"))
      )
      func status(_ client: HTTPClient) async -> Int? {
        let request = try? ClientRequest(url: HTTPURL("https://localhost:\(gateway.port)/health/ping"))
        // On one loop, so that a client keeps to its one connection.
        return await Task(executorPreference: group.loops[0]) { () -> Int? in
          guard let request else { return nil }
          return try? await client.send(request, deadline: .now() + .seconds(10)).status.code
        }.value
      }
      #expect(await status(first) == 200)
      #expect(await status(second) == nil)

      try files.install("second")
      let reload = try #require(certificate.reload())
      await reload.value
      #expect(await status(second) == 200)
      #expect(await status(first) == 200, "the connection that is open")
      await first.shutdown()
      let late = HTTPClient(
        group: group,
        tls: try TLSContext(trustedCertificatesFile: files.certificate("first"))
      )
      #expect(await status(late) == nil, "a new connection")

      try "rubbish".write(toFile: files.installedKey, atomically: true, encoding: .utf8)
      #expect(certificate.reload() == nil)
      await second.shutdown()
      let later = HTTPClient(
        group: group,
        tls: try TLSContext(trustedCertificatesFile: files.certificate("second"))
      )
      #expect(await status(later) == 200)
      await late.shutdown()
      await later.shutdown()
    }
  }

  @Test("SIGHUP makes the program read its certificate again, and it goes on serving")
  func signal() async throws {
    let files = try CertificateFiles()
    defer { files.remove() }
    try files.install("first")
    let database = try await World.makeDatabase()
    let program = try GatewayProgram(
      files.settings.merging([
        "SERVER_PORT": "0", "SERVER_HOST": "127.0.0.1", "DATABASE_URL": database.url,
        "HMPPS_SQS_PROVIDER": "in-process", "API_BASE_URL_PRISON_API": "http://127.0.0.1:1",
        "RESTRICTED_PATIENTS_API_CLIENT_ID": "x", "RESTRICTED_PATIENTS_API_CLIENT_SECRET": "x",
        "API_BASE_URL_OAUTH": "http://127.0.0.1:1/auth", "API_BASE_URL_PRISONER_SEARCH": "http://127.0.0.1:1",
        "NON_ASSOCIATIONS_API_CLIENT_ID": "client", "NON_ASSOCIATIONS_API_CLIENT_SECRET": "secret",
      ]) { $1 }
    )
    let address = try #require(try await program.line("serving")["address"]?.text)
    let port = try #require(address.split(separator: ":").last)
    let group = try World.group.get()
    func status(trusting name: String) async throws -> Int? {
      let client = HTTPClient(
        group: group,
        tls: try TLSContext(trustedCertificatesFile: files.certificate(name))
      )
      let request = try ClientRequest(url: HTTPURL("https://localhost:\(port)/health/ping"))
      let status = try? await client.send(request, deadline: .now() + .seconds(10)).status.code
      await client.shutdown()
      return status
    }
    #expect(try await status(trusting: "first") == 200)
    try files.install("second")
    program.send(SIGHUP)
    _ = try await program.line("new connections get the certificate just read")
    #expect(try await status(trusting: "second") == 200)
    #expect(try await status(trusting: "first") == nil)
    try "rubbish".write(toFile: files.installedCertificate, atomically: true, encoding: .utf8)
    program.send(SIGHUP)
    let complaint = try await program.line("the certificate could not be read again; the old one stays")
    #expect(complaint["level"] == "error")
    #expect(try await status(trusting: "second") == 200)
    program.send(SIGTERM)
    _ = try await program.line("stopped")
    try await World.drop(database)
  }
}

/// Two self-signed certificates for `localhost`, and the place where a gateway reads the one in use.
private struct CertificateFiles {
  let folder: String
  var installedCertificate: String { folder + "/installed.pem" }
  var installedKey: String { folder + "/installed.key" }
  func certificate(_ name: String) -> String { "\(folder)/\(name).pem" }

  var settings: [String: String] {
    ["SERVER_TLS_CERTIFICATE_FILE": installedCertificate, "SERVER_TLS_PRIVATE_KEY_FILE": installedKey]
  }

  init() throws {
    folder =
      FileManager.default.temporaryDirectory.appendingPathComponent("gateway-hup-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for name in ["first", "second"] {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
      process.arguments =
        [
          "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
          "-days", "2",
        ]
        + ["-subj", "/CN=\(name)", "-addext", "subjectAltName=DNS:localhost"]
        + ["-keyout", "\(folder)/\(name).key", "-out", "\(folder)/\(name).pem"]
      process.standardError = FileHandle.nullDevice
      process.standardOutput = FileHandle.nullDevice
      try process.run()
      process.waitUntilExit()
      try #require(process.terminationStatus == 0)
    }
  }

  /// Puts a certificate and its key where the gateway reads them.
  func install(_ name: String) throws {
    for (from, to) in [("\(name).pem", installedCertificate), ("\(name).key", installedKey)] {
      let data = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(from)"))
      try data.write(to: URL(fileURLWithPath: to), options: .atomic)
    }
  }

  func remove() { try? FileManager.default.removeItem(atPath: folder) }
}
