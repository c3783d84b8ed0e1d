import EventLoops
import Foundation
import HTTPTransport
import HTTPTypes
import Logging
import Subprocess
import TestKit
import Testing
import Time

@testable import Gateway

@Suite("HTTPS certificate reload")
struct CertificateReloadTests {
  @Test("New connections get the new certificate, open ones live on, and bad files change nothing")
  func reload() async throws {
    let files = try CertificateFiles()
    defer { files.remove() }
    try files.install("first")
    try await withGateway(settings: files.settings) { (gateway) async throws in
      let certificates = gateway.application.certificates
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
      await certificates.look()
      #expect(await status(second) == 200)
      #expect(await status(first) == 200, "the connection that is open")
      await first.shutdown()
      let late = HTTPClient(
        group: group,
        tls: try TLSContext(trustedCertificatesFile: files.certificate("first"))
      )
      #expect(await status(late) == nil, "a new connection")

      try "rubbish".write(toFile: files.installedKey, atomically: true, encoding: .utf8)
      await certificates.look()
      // Once, and not each time it is looked at again.
      await certificates.look()
      let outcome = try #require(certificates.status(of: "server"))
      #expect((outcome.taken, outcome.refused) == (1, 1))
      await second.shutdown()
      let scraped = try await gateway.scrapeOverTLS(trusting: files.certificate("second"))
      #expect(scraped.value("tls_certificate_reloads_total", ["use": "server", "outcome": "refused"]) == 1)
      #expect(scraped.value("tls_certificate_reloads_total", ["use": "server", "outcome": "taken"]) == 1)
      let expiry = try #require(
        scraped.value("tls_certificate_expiry_timestamp_seconds", ["use": "server"])
      )
      #expect(abs(expiry - Date().timeIntervalSince1970 - 2 * 86_400) < 3600)
      let later = HTTPClient(
        group: group,
        tls: try TLSContext(trustedCertificatesFile: files.certificate("second"))
      )
      #expect(await status(later) == 200)
      await late.shutdown()
      await later.shutdown()
    }
  }

  @Test(
    "Files that are swapped as Kubernetes does, by a link, are taken without being asked, and half a pair is not"
  )
  func swapped() async throws {
    let files = try CertificateFiles()
    defer { files.remove() }
    try files.link("first")
    try await withGateway(
      settings: [
        "SERVER_TLS_CERTIFICATE_FILE": files.linked("pem"),
        "SERVER_TLS_PRIVATE_KEY_FILE": files.linked("key"),
      ],
      certificateInterval: .milliseconds(20)
    ) { (gateway) async throws in
      func isShown(_ name: String) async throws -> Bool {
        (try? await gateway.scrapeOverTLS(trusting: files.certificate(name))) != nil
      }
      #expect(try await isShown("first"))
      try files.link("second")
      try await eventually("the second certificate is shown") { try await isShown("second") }
      #expect(try await isShown("first") == false)
      let certificates = gateway.application.certificates
      #expect(certificates.status(of: "server")?.refused == 0)
      try files.link("first", keyOf: "second")
      try await eventually("the broken file is refused") { certificates.status(of: "server")?.refused == 1 }
      #expect(try await isShown("second"))
      try files.link("first")
      try await eventually("the first certificate is shown again") { try await isShown("first") }
    }
  }

  @Test("A changed file of trusted authorities counts for the next connection to another service")
  func authorities() async throws {
    let files = try CertificateFiles()
    defer { files.remove() }
    try files.link("first")
    let group = try World.group.get()
    let upstream = HTTPServer(
      configuration: HTTPServerConfiguration(),
      tls: try TLSContext(certificateFile: files.certificate("second"), privateKeyFile: files.key("second")),
      group: group,
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
      responder: { _ in
        ServerResponse(
          status: .ok,
          fields: [.contentType: "application/json"],
          body: Array(#"{"status":"UP"}"#.utf8)
        )
      }
    )
    let loopback = try #require(SocketAddress(numeric: "127.0.0.1", port: 0))
    let port = try await upstream.start(address: loopback).port
    try await withGateway(
      settings: [
        "API_TRUSTED_CERTIFICATES_FILE": files.linked("pem"),
        "API_BASE_URL_PRISON_API": "https://localhost:\(port)",
      ],
      certificateInterval: .milliseconds(20)
    ) { (gateway) async throws in
      func isReached() async throws -> Bool {
        let answer = try await gateway.get("/restricted-patients-api/health/prisonApiHealthCheck")
        return try answer.json["status"]?.text == "UP"
      }
      #expect(try await isReached() == false)
      try files.link("second")
      try await eventually("the upstream is reached") { try await isReached() }
      #expect(gateway.application.certificates.status(of: "upstreams")?.taken == 1)
      try "rubbish".write(toFile: files.linked("pem"), atomically: true, encoding: .utf8)
      try await eventually("the broken file is refused") {
        gateway.application.certificates.status(of: "upstreams")?.refused == 1
      }
    }
    await upstream.shutdown(within: .zero)
  }

  @Test("The end that counts is that of the first certificate of a file to end")
  func earliest() throws {
    let files = try CertificateFiles()
    defer { files.remove() }
    let both = files.folder + "/both.pem"
    let longer = files.folder + "/longer"
    try CertificateFiles.make(longer, name: "longer", days: 30)
    for order in [
      ["\(longer).pem", files.certificate("first")], [files.certificate("first"), "\(longer).pem"],
    ] {
      try order.map { try String(contentsOfFile: $0, encoding: .utf8) }.joined()
        .write(toFile: both, atomically: true, encoding: .utf8)
      #expect(
        try CertificateFile.earliestExpiry(of: both) == CertificateFile.expiry(of: files.certificate("first"))
      )
    }
    #expect(throws: StreamError.self) { try CertificateFile.earliestExpiry(of: files.key("first")) }
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
        "GATEWAY_SHARED_DATABASE": "true",
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
    World.drop(database)
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
    for name in ["first", "second"] { try Self.make("\(folder)/\(name)", name: name, days: 2) }
  }

  static func make(_ path: String, name: String, days: Int) throws {
    try Subprocess.run(
      [
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
        "-days", "\(days)",
      ]
        + ["-subj", "/CN=\(name)", "-addext", "subjectAltName=DNS:localhost"]
        + ["-keyout", "\(path).key", "-out", "\(path).pem"],
      withErrors: true
    )
  }

  func key(_ name: String) -> String { "\(folder)/\(name).key" }
  /// A file in the folder that a link points to, as in a mounted secret.
  func linked(_ kind: String) -> String { "\(folder)/mounted/tls.\(kind)" }

  /// Makes a folder with a certificate and a key, and lets the link point to it in one step.
  func link(_ name: String, keyOf other: String? = nil) throws {
    let version = "\(folder)/..\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: version, withIntermediateDirectories: true)
    try FileManager.default.copyItem(atPath: certificate(name), toPath: "\(version)/tls.pem")
    try FileManager.default.copyItem(atPath: key(other ?? name), toPath: "\(version)/tls.key")
    try FileManager.default.createSymbolicLink(atPath: "\(folder)/next", withDestinationPath: version)
    try #require(rename("\(folder)/next", "\(folder)/mounted") == 0)
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

extension RunningGateway {
  /// The metrics, over a connection of its own.
  fileprivate func scrapeOverTLS(trusting file: String) async throws -> ScrapedMetrics {
    let client = HTTPClient(group: try World.group.get(), tls: try TLSContext(trustedCertificatesFile: file))
    let request = try ClientRequest(url: HTTPURL("https://localhost:\(port)/metrics"))
    let answer = try? await client.send(request, deadline: .now() + .seconds(10))
    await client.shutdown()
    guard let answer else { throw SocketFailure(description: "the certificate is not trusted") }
    return try ScrapedMetrics(answer.body)
  }
}

/// The `gateway` program that was built beside these tests, running, and its log.
private final class GatewayProgram: Sendable {
  private let program: Program

  init(_ environment: [String: String]) throws {
    program = try Program(["serve"], ProcessInfo.processInfo.environment.merging(environment) { $1 })
  }

  func send(_ signal: Int32) { program.send(signal) }

  /// The first line of the log with that message, once it is there.
  func line(_ message: String) async throws -> JSON {
    let deadline = ContinuousClock.now + .seconds(30)
    while true {
      let text = program.text
      let lines = text.split(separator: "\n").compactMap { try? JSON(parsing: Array($0.utf8)) }
      if let line = lines.first(where: { $0["message"]?.text == message }) { return line }
      try #require(ContinuousClock.now < deadline, "no line '\(message)' in: \(text)")
      try await Task.sleep(for: .milliseconds(10))
    }
  }
}
