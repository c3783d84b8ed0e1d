import Foundation
import Subprocess

/// Throw-away certificates made with the `openssl` command: an authority with a server certificate for `localhost`,
/// and a second authority that signed nothing.
struct TestCertificates {
  private let folder: String
  let authority: String
  let otherAuthority: String
  let serverCertificate: String
  let serverKey: String

  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  init() throws {
    folder =
      FileManager.default.temporaryDirectory.appendingPathComponent("gateway-tls-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    authority = folder + "/ca.pem"
    otherAuthority = folder + "/other.pem"
    serverCertificate = folder + "/server.pem"
    serverKey = folder + "/server.key"
    try Self.openssl(Self.selfSigned("Test authority", key: folder + "/ca.key", certificate: authority))
    try Self.openssl(
      Self.selfSigned("Other authority", key: folder + "/other.key", certificate: otherAuthority)
    )
    let request = folder + "/server.csr"
    try Self.openssl(
      [
        "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
        "/CN=localhost",
      ]
        + ["-addext", "subjectAltName=DNS:localhost", "-keyout", serverKey, "-out", request]
    )
    try Self.openssl(
      ["x509", "-req", "-in", request, "-CA", authority, "-CAkey", folder + "/ca.key", "-days", "2"]
        + ["-copy_extensions", "copy", "-out", serverCertificate]
    )
  }

  func remove() { try? FileManager.default.removeItem(atPath: folder) }

  private static func selfSigned(_ name: String, key: String, certificate: String) -> [String] {
    ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
      + ["-subj", "/CN=\(name)", "-keyout", key, "-out", certificate]
  }

  private static func openssl(_ arguments: [String]) throws {
    try Subprocess.run(["openssl"] + arguments, withErrors: true)
  }
}
