import ModuleKit
import Testing

@testable import Gateway
@testable import Postgres

@Suite("Where a database is, as one text")
struct DatabaseEndpointTests {
  @Test(
    "host, host and port, and IPv6 addresses with and without brackets",
    arguments: [
      ("db.example.test", "db.example.test", 5432), ("db.example.test:6543", "db.example.test", 6543),
      ("10.1.2.3", "10.1.2.3", 5432), ("10.1.2.3:1", "10.1.2.3", 1), ("[::1]:5432", "::1", 5432),
      ("[::1]:65535", "::1", 65535), ("[fd00:1::2]", "fd00:1::2", 5432), ("::1", "::1", 5432),
      ("2001:db8::5:6543", "2001:db8::5:6543", 5432), ("[fe80::1%eth0]:7", "fe80::1%eth0", 7),
    ] as [(String, String, UInt16)]
  )
  func readable(text: String, host: String, port: UInt16) throws {
    let endpoint = try #require(DatabaseEndpoint(text))
    #expect(endpoint.host == host)
    #expect(endpoint.port == port)
  }

  @Test(
    "what is none of these is refused",
    arguments: [
      "", ":5432", "db:", "db:0", "db:65536", "db:+1", "db:x", "[::1", "[::1]x", "[::1]:", "[]:1", "[db]:1",
      "a b", "db]",
    ]
  )
  func unreadable(text: String) { #expect(DatabaseEndpoint(text) == nil) }

  private static func settings(_ endpoint: String) -> [String: String] {
    ["NON_ASSOCIATIONS", "RESTRICTED_PATIENTS"].reduce(into: [:]) { settings, module in
      settings["\(module)_DATABASE_ENDPOINT"] = endpoint
      settings["\(module)_DATABASE_NAME"] = "db"
      settings["\(module)_DATABASE_USERNAME"] = "user"
      settings["\(module)_DATABASE_PASSWORD"] = "pass"
    }
  }

  @Test("both modules take it; libpq gets the address without brackets, and logs show it with them")
  func modules() throws {
    var reader = SettingsReader(environment: Self.settings("[::1]:6543"), profile: .standard)
    for manifest in Modules.all {
      let database = Configuration.readDatabase(of: manifest, &reader)
      let parameters = try ConnectionParameters(database.postgres)
      #expect(parameters.targets == [.init(host: "::1", address: "", port: "6543")])
      #expect(parameters.targets.allSatisfy { !$0.needsResolution })
      #expect(parameters.hostDescription == "[::1]:6543")
    }
    #expect(reader.problems == [])
  }

  @Test("one that cannot be read is told with its variable")
  func problem() {
    var reader = SettingsReader(environment: Self.settings("[::1"), profile: .standard)
    for manifest in Modules.all { _ = Configuration.readDatabase(of: manifest, &reader) }
    for module in ["NON_ASSOCIATIONS", "RESTRICTED_PATIENTS"] {
      #expect(reader.problems.contains { $0.hasPrefix("\(module)_DATABASE_ENDPOINT: '[::1' is neither ") })
    }
  }
}
