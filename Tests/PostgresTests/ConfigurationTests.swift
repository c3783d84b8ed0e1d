import Testing

@testable import Postgres

@Suite struct ConfigurationTests {
  private static let url = "postgresql://someone:secret-word@db.example:5433/prisoners?sslmode=verify-full"

  @Test("a configuration shows its host, and neither password nor user nor database")
  func masked() {
    let configuration = PostgresConfiguration(connectionString: Self.url)
    var dumped = ""
    dump(configuration, to: &dumped)
    for text in ["\(configuration)", String(reflecting: configuration), dumped] {
      #expect(text.contains("db.example:5433"))
      for secret in ["secret-word", "someone", "prisoners"] { #expect(!text.contains(secret)) }
    }
  }

  @Test(
    "a connection string that libpq does not understand is refused without quoting it",
    arguments: [
      "secret-word", "postgresql://h:1,h:2,h:3/d?hostaddr=1.2.3.4,1.2.3.5", "host=h nonsense=secret-word",
      "a\0b",
    ]
  )
  func notUnderstood(text: String) {
    #expect {
      try PostgresConfiguration(connectionString: text).validate()
    } throws: { error in
      !String(reflecting: error).contains("secret-word")
    }
  }

  @Test("hosts, addresses and ports are paired as libpq pairs them")
  func targets() throws {
    let parameters = try ConnectionParameters(
      PostgresConfiguration(connectionString: "host=a,/run/x,10.0.0.1 port=1,2,3 hostaddr=,,10.0.0.2")
    )
    #expect(parameters.targets.map(\.needsResolution) == [true, false, false])
    let keywords = parameters.keywords(for: parameters.targets)
    #expect(keywords.contains { $0 == ("host", "a,/run/x,10.0.0.1") })
    #expect(keywords.contains { $0 == ("port", "1,2,3") })
    #expect(keywords.contains { $0 == ("hostaddr", ",,10.0.0.2") })
    #expect(keywords.contains { $0 == ("client_encoding", "UTF8") })
  }

  @Test("an error's description quotes nothing that came from a row; its debug description does")
  func blandErrors() async throws {
    try await TestServer.withDatabase { database async throws in
      try await database.script("create table t (prisoner text unique)")
      let error = await postgresError {
        try await database.withTransaction(deadline: .after(patience)) { transaction in
          try await transaction.execute(
            PostgresStatement(name: "two", sql: "insert into t values ($1), ($1)"),
            [.text("A1234BC")]
          )
        }
      }
      let found = try #require(error)
      #expect(
        found.description
          == "database: uniqueViolation, SQLSTATE 23505, constraint t_prisoner_key, statement two"
      )
      #expect("\(found)" == found.description)
      #expect(found.debugDescription.contains("A1234BC"))
    }
  }
}
