import Testing

@testable import Gateway

@Suite("The console, in a browser")
struct ConsolePageTests {
  @Test("All-in-one: records, events, a queue that breaks, keyboard alone, a telephone, both colour schemes")
  func allInOne() async throws {
    try await LocalGateway.with { (local) async throws in
      let use = try await Python.run("browse_console", [local.application.url])
      #expect(use.status == 0, "\(use.output)")
    }
  }

  @Test(
    "In production the operator brings a token, retries what was set aside, and without the role sees no queue"
  )
  func production() async throws {
    try await withGateway { (gateway) async throws in
      let roles = ["NON_ASSOCIATIONS_API_QUEUE_ADMIN", "READ_NON_ASSOCIATIONS"]
      let operators = try gateway.token(roles: roles, user: "OPERATOR", expiresIn: 500_000_000)
      let others = try gateway.token(roles: [], user: "NOBODY", expiresIn: 500_000_000)
      try await gateway.database.run(
        """
        insert into gateway_outbox (module, kind, subject, event_type, message, attempts, last_error, set_aside_at)
        values ('non-associations', 'event', 'A1234BC', 'non-associations.created', '{}', 1,
          'SNS Publish: InvalidParameter, status 400: Invalid parameter: Message too long', now())
        """
      )
      let url = "http://127.0.0.1:\(gateway.port)"
      let use = try await Python.run("browse_console", [url, operators, others])
      #expect(use.status == 0, "\(use.output)")
    }
  }
}
