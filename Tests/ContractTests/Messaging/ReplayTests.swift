import ServiceKit
import TestKit
import Testing
import Time

@Suite("docs/contract/adoption.md §2.3: dead letters, tried again by the job or by a replica")
struct ReplayTests {
  @Test(
    "AD-18: those of non-associations are tried again by themselves where that is configured, a stuck merge's are left",
    arguments: Provider.allCases
  )
  func redrive(provider: Provider) async throws {
    try await MessagingWorld.run(provider, settings: ["HMPPS_SQS_REDRIVE_INTERVAL": "1s"]) {
      (world) async throws in
      let queue = world.names.nonAssociations
      // Stuck for a person to decide; it would be known by a second telemetry event if it were tried again.
      try await world.database.insertPatient("A1111AA")
      let merge = try Sample.compact("consumed/prisoner.merged.json")
      try await world.client.send(merge, [:], to: world.names.patients)
      try await world.deadLetters(of: world.names.patients, 1)
      try await world.database.insertOpen("A1111AA", "C3333CC")
      let body = try Sample.compact("consumed/prisoner.merged.json")
      try await world.client.send(body, [:], to: world.names.deadLetters(of: queue))
      try await eventually("the number is merged") {
        try await world.database.row("select first_prisoner_number from non_association") == "B2222BB"
      }
      // Three rounds more of what is tried again.
      let lease = "select ends_at from gateway_lease where name = 'redrive/non-associations'"
      for _ in 0..<3 {
        let last = try await world.database.row(lease)
        try await eventually("the message is tried again") { try await world.database.row(lease) != last }
      }
      let leases = try await world.database.row("select string_agg(name, ' ') from gateway_lease")
      #expect(leases.contains("redrive/non-associations") && !leases.contains("redrive/restricted-patients"))
      #expect(try await world.client.counts(of: world.names.deadLetters(of: world.names.patients)) == (1, 0))
      let told = world.gateway.telemetry.events.filter { $0.name.hasSuffix("-sent-to-dlq") }
      #expect(told.map(\.name) == ["prison-offender-events.prisoner.merged-sent-to-dlq"])
    }
  }

  /// As curl sends it from the job's pod: to the Service's name, without a token.
  @Test(
    "AD-17: the retry job's request to the in-cluster name empties the dead letters of non-associations, and no others",
    arguments: Provider.allCases
  )
  func retryJob(provider: Provider) async throws {
    try await MessagingWorld.run(provider) { (world) async throws in
      let names = world.names
      try await world.database.insertOpen("A1111AA", "C3333CC")
      try await world.database.insertPatient("A1111AA")
      let merge = try Sample.compact("consumed/prisoner.merged.json")
      try await world.client.send(merge, [:], to: names.patients)
      try await world.deadLetters(of: names.patients, 1)
      let deadLetters = names.deadLetters(of: names.nonAssociations)
      try await world.client.send(merge, [:], to: deadLetters)
      try await eventually("it is a dead letter") { try await world.client.counts(of: deadLetters) == (1, 0) }
      for host in ["hmpps-non-associations-api", "hmpps-non-associations-api.ns.svc.cluster.local:80"] {
        let begin = MonotonicInstant.now()
        let answer = try await world.gateway.send(
          "PUT",
          "/queue-admin/retry-all-dlqs",
          headers: [("Host", host), ("User-Agent", "curl/8.11.0"), ("Accept", "*/*")]
        )
        #expect(answer.status == 200, "\(answer.text)")
        #expect(try answer.json.items.count == 2, "\(answer.text)")
        #expect(MonotonicInstant.now().duration(since: begin) < .seconds(10))
      }
      try await eventually("the number is merged") {
        try await world.database.row("select first_prisoner_number from non_association") == "B2222BB"
      }
      try await world.isDrained(names.nonAssociations)
      #expect(try await world.client.counts(of: deadLetters) == (0, 0))
      #expect(try await world.client.counts(of: names.deadLetters(of: names.patients)) == (1, 0))
      let patients = try await world.gateway.send(
        "PUT",
        "/queue-admin/retry-all-dlqs",
        headers: [("Host", "hmpps-restricted-patients-api")]
      )
      #expect(patients.status == 401)
    }
  }
}
