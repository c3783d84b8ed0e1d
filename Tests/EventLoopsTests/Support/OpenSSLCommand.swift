import CLinux
import Foundation
import Subprocess
import Synchronization
import TestKit
import Testing

/// Certificates made for one test run by the `openssl` command, in a folder of their own.
final class TestCertificates: Sendable {
  static let shared = Result { try TestCertificates() }

  let folder: String
  var authority: String { folder + "/authority.pem" }
  var otherAuthority: String { folder + "/other.pem" }
  /// For the DNS names `gateway.test` and `localhost`, and the address 127.0.0.1.
  var certificate: String { folder + "/server.pem" }
  var key: String { folder + "/server.key" }
  /// For the DNS name `gateway.test` alone.
  var namedCertificate: String { folder + "/named.pem" }

  private init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("loops-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try makeAuthority("authority")
    try makeAuthority("other")
    try run("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key)
    try makeCertificate("server", names: "DNS:gateway.test,DNS:localhost,IP:127.0.0.1")
    try makeCertificate("named", names: "DNS:gateway.test")
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private func makeAuthority(_ name: String) throws {
    try run(
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:P-256",
      "-nodes",
      "-days",
      "2",
      "-subj",
      "/CN=\(name)",
      "-keyout",
      "\(folder)/\(name).key",
      "-out",
      "\(folder)/\(name).pem"
    )
  }

  private func makeCertificate(_ name: String, names: String) throws {
    try "subjectAltName=\(names)\n".write(toFile: "\(folder)/\(name).ext", atomically: true, encoding: .utf8)
    try run("req", "-new", "-key", key, "-subj", "/CN=unused", "-out", "\(folder)/\(name).csr")
    try run(
      "x509",
      "-req",
      "-in",
      "\(folder)/\(name).csr",
      "-CA",
      authority,
      "-CAkey",
      "\(folder)/authority.key",
      "-CAcreateserial",
      "-days",
      "2",
      "-extfile",
      "\(folder)/\(name).ext",
      "-out",
      "\(folder)/\(name).pem"
    )
  }

  private func run(_ arguments: String...) throws {
    try Subprocess.run(["openssl"] + arguments, withErrors: true)
  }
}

/// An `openssl` program that runs beside a test: another implementation's end of a connection.
final class OpenSSLCommand: Sendable {
  private let process: Subprocess
  /// Kept, for its reading end tells what comes only while it is there.
  private let printed = Pipe()
  private let input = Pipe()
  private let text = Mutex("")

  init(_ arguments: String...) throws {
    process = try Subprocess(
      ["openssl"] + arguments,
      input: .pipe(input),
      output: .pipe(printed),
      errors: .file(printed.fileHandleForWriting)
    )
    printed.fileHandleForReading.readabilityHandler = { [weak self] handle in
      let data = handle.availableData
      if data.isEmpty { handle.readabilityHandler = nil }
      self?.text.withLock { $0 += String(decoding: data, as: UTF8.self) }
    }
  }

  /// What it has written to its output and error output.
  var output: String { text.withLock { $0 } }

  func type(_ text: String) { input.fileHandleForWriting.write(Data(text.utf8)) }

  func closeInput() { try? input.fileHandleForWriting.close() }

  /// Ends it at once, so that the kernel closes its sockets.
  func kill() { process.send(SIGKILL) }

  var hasEnded: Bool { !process.isRunning }

  /// The port of an `s_server -accept 127.0.0.1:0`, once it listens.
  func port() async throws -> UInt16 {
    try await eventually("openssl says where it listens") {
      self.output.firstMatch(of: /ACCEPT 127\.0\.0\.1:([0-9]+)/) != nil
    }
    let match = try #require(output.firstMatch(of: /ACCEPT 127\.0\.0\.1:([0-9]+)/))
    return try #require(UInt16(match.1))
  }
}
