import Crypto
import Doubles
import Foundation
import HTTPTransport
import TestKit
import Testing
import Time

@testable import LocalStack

@Suite("Signing keys in files")
struct SigningKeyFileTests {
  @Test("The key of a data folder is made once, for its owner only, and is the same ever after")
  func keptKey() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/signing-key.pem"
    let first = try SigningKey.load(orMakeIn: path)
    let second = try SigningKey.load(orMakeIn: path)
    #expect(first.keyID == second.keyID && first.modulus == second.modulus)
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    #expect(attributes[.posixPermissions] as? Int == 0o600)
    #expect(Files.names(in: folder.path) == ["signing-key.pem"])
  }

  @Test("A damaged key file is an error that says what to do, not a new key")
  func damagedKey() throws {
    let folder = try TemporaryFolder()
    try Files.write("-----BEGIN PRIVATE KEY-----\nAAAA\n", to: folder.path + "/key.pem", mode: 0o600)
    let error = #expect(throws: SigningKey.Failure.self) {
      try SigningKey.load(orMakeIn: folder.path + "/key.pem")
    }
    #expect(try #require(error).description.contains("remove it"))
  }

  @Test("A token of the command line verifies with the keys of the folder's server")
  func commandLineToken() async throws {
    let folder = try TemporaryFolder()
    let issuer = try TokenIssuer.local(dataFolder: folder.path, clock: SystemClock())
    let token = try issuer.issue(
      .init(clientID: "cli", username: "STAFF_USER1", roles: ["READ_NON_ASSOCIATIONS"], scopes: ["read"])
    )
    let auth = AuthDouble(
      key: try SigningKey.load(orMakeIn: folder.path + "/signing-key.pem"),
      clock: SystemClock()
    )
    try await Calls.serving({ await auth.respond(to: $0) }) { url in
      let keySet = try await Calls.get(url + "/auth/.well-known/jwks.json")
      let verified = try VerifiedToken(token.text, keySet: String(decoding: keySet.body, as: UTF8.self))
      #expect(verified.claims["authorities"] as? [String] == ["ROLE_READ_NON_ASSOCIATIONS"])
    }
  }
}
