import ServiceKit
import TestKit
import Testing

@Suite(
  "docs/contract/platform.md §4, §5.4: Failures, back-off, dead letters and queue admin of the whole gateway"
)
struct DeadLetterTests {
  private static let admin = ["NON_ASSOCIATIONS_API_QUEUE_ADMIN"]
  private static let otherAdmin = ["SYSCON__QUEUE_ADMIN"]

  /// And docs/contract/non-associations.md §15 row 145.
  @Test(
    "30, 34: a merge that fails ends as a dead letter, is listed, retried, and succeeds",
    arguments: Provider.allCases
  )
  func wholeWay(provider: Provider) async throws {
    try await MessagingWorld.run(provider) { (world) async throws in
      let (names, queue) = (world.names, world.names.nonAssociations)
      let deadLetters = names.deadLetters(of: queue)
      try await world.database.insertOpen("A1111AA", "C3333CC")
      try await world.database.run("alter table non_association rename to hidden")
      let body = try Sample.compact("consumed/prisoner.merged.json")
      let others = [ConsumedTests.merged("D4444DD", "E5555EE"), ConsumedTests.merged("F6666FF", "G7777GG")]
      for each in [body] + others { try await world.client.send(each, ["note": "kept"], to: queue) }
      try await world.deadLetters(of: queue, 3)

      let token = try world.token(Self.admin)
      let list = "/queue-admin/get-dlq-messages/\(deadLetters)"
      let two = try await world.gateway.get("\(list)?maxMessages=2", token: token)
      #expect(two.status == 200)
      #expect(try two.json["messagesFoundCount"] == 3)
      #expect(try two.json["messagesReturnedCount"] == 2)
      // What was listed is seen again.
      try await eventually("three are dead letters") {
        try await world.client.counts(of: deadLetters) == (3, 0)
      }
      let all = try await world.gateway.get(list, token: token).json["messages"]?.items ?? []
      #expect(all.count == 3)
      let wanted = try JSON(parsing: Array(body.utf8))
      #expect(all.contains { $0["body"] == wanted && $0["messageId"]?.text != nil })
      try await eventually("three are dead letters again") {
        try await world.client.counts(of: deadLetters) == (3, 0)
      }

      // Still failing: they come back, body and attributes as they were.
      let retry = "/queue-admin/retry-dlq/\(deadLetters)"
      let retried = try await world.gateway.send("PUT", retry, token: token)
      #expect(retried.status == 200)
      #expect(retried.text == #"{"messagesFoundCount":3}"#)
      try await world.deadLetters(of: queue, 3)
      let found = try await world.take(3, from: deadLetters)
      #expect(Set(found.map(\.body)) == Set([body] + others))
      #expect(found.allSatisfy { $0.attributes == ["note": "kept"] })
      for each in found { try await world.client.send(each.body, each.attributes, to: deadLetters) }

      try await world.database.run("alter table hidden rename to non_association")
      #expect(try await world.gateway.send("PUT", retry, token: token).text == #"{"messagesFoundCount":3}"#)
      try await eventually("the number is merged") {
        try await world.database.row("select first_prisoner_number from non_association") == "B2222BB"
      }
      try await world.isDrained(queue)
      #expect(try await world.client.counts(of: deadLetters) == (0, 0))
      #expect(try await world.gateway.send("PUT", retry, token: token).text == #"{"messagesFoundCount":0}"#)
    }
  }

  @Test(
    "33, RP 92: each failure of restricted patients waits 1, 10, 60 and 600 seconds, the last not at all",
    arguments: [(4, [1, 10, 60]), (5, [1, 10, 60, 600])]
  )
  func backOff(limit: Int, pauses: [Int]) async throws {
    let settings = ["RESTRICTED_PATIENTS_ERROR_VISIBILITY_TIMEOUT": "1,10,60,600"]
    try await MessagingWorld.run(.inProcess, settings: settings) { (world) async throws in
      let queue = world.names.patients
      try await world.database.insertPatient("A1111AA")
      try await world.database.run(
        "update gateway_queue set max_receive_count = \(limit) where name = '\(queue)'"
      )
      try await world.client.send(Sample.compact("consumed/prisoner.merged.json"), [:], to: queue)
      for (failures, pause) in pauses.enumerated() {
        // Hidden for 30 s while it is handled; then for what the list says of this failure, as of now.
        try await eventually("it waits for its next try") {
          let text = try await world.database.row(
            """
            select receive_count || ' ' || ceil(extract(epoch from visible_at - now()))
            from gateway_queue_message where queue = '\(queue)'
            """
          )
          let numbers = text.split(separator: " ").compactMap { Int($0) }
          guard numbers.first == failures + 1, let left = numbers.last else { return false }
          return pause > 30 ? (31...pause).contains(left) : left <= pause
        }
        // A pause of a second ends by itself, and after it the queue is asked again how often a message may come.
        guard pause > 1 else { continue }
        try await world.database.run(
          """
          update gateway_queue_message set visible_at = now() where queue = '\(queue)';
          select pg_notify('gateway_queue', '\(queue)')
          """
        )
      }
      try await world.deadLetters(of: queue, 1)
      let event = try #require(
        world.gateway.telemetry.events.first {
          $0.name == "prison-offender-events.prisoner.merged-sent-to-dlq"
        }
      )
      #expect(
        event.properties == [
          "queueName": queue, "dlqName": world.names.deadLetters(of: queue), "timeouts": "[1, 10, 60, 600]",
          "maxReceiveCount": "\(limit)",
        ]
      )
      #expect(try await world.database.count("restricted_patients") == 1)
    }
  }

  /// And docs/contract/restricted-patients.md §15 row 115.
  @Test("27: each service's queues are its own admins', and nobody else's", arguments: Provider.allCases)
  func roles(provider: Provider) async throws {
    try await MessagingWorld.run(provider) { (world) async throws in
      let names = world.names
      let calls: [(String, String, Bool)] = [
        ("PUT", "retry-dlq/\(names.deadLetters(of: names.nonAssociations))", true),
        ("PUT", "purge-queue/\(names.nonAssociations)", true),
        ("GET", "get-dlq-messages/\(names.deadLetters(of: names.nonAssociations))", true),
        ("PUT", "retry-dlq/\(names.deadLetters(of: names.movements))", false),
        ("PUT", "purge-queue/\(names.patients)", false),
        ("GET", "get-dlq-messages/\(names.deadLetters(of: names.patients))", false),
      ]
      for (method, path, isOfNonAssociations) in calls {
        let (roles, others) =
          isOfNonAssociations ? (Self.admin, Self.otherAdmin) : (Self.otherAdmin, Self.admin)
        let base = isOfNonAssociations ? "/non-associations-api" : "/restricted-patients-api"
        for root in ["", base] {
          let target = "\(root)/queue-admin/\(path)"
          func status(_ token: String?) async throws -> Int {
            try await world.gateway.send(method, target, token: token).status
          }
          #expect(try await status(nil) == 401)
          #expect(try await status(world.token([])) == 403)
          #expect(try await status(world.token(others)) == 403)
          #expect(try await status(world.token(roles)) == 200)
        }
        let stranger = isOfNonAssociations ? "/restricted-patients-api" : "/non-associations-api"
        #expect(
          try await world.gateway.send(method, "\(stranger)/queue-admin/\(path)", token: world.token(others))
            .status == 404
        )
      }
    }
  }

  @Test(
    "28, 29: retry-all needs no token when called directly, for non-associations alone",
    arguments: Provider.allCases
  )
  func retryAll(provider: Provider) async throws {
    try await MessagingWorld.run(provider) { (world) async throws in
      let names = world.names
      let path = "/queue-admin/retry-all-dlqs"
      let (ours, theirs) = ("/non-associations-api" + path, "/restricted-patients-api" + path)
      // Two elements, the queue without dead letters being 0.
      let none = #"[{"messagesFoundCount":0},{"messagesFoundCount":0}]"#
      #expect(try await world.gateway.send("PUT", ours).text == none)
      #expect(try await world.gateway.send("PUT", theirs).status == 401)
      #expect(try await world.gateway.send("PUT", theirs, token: world.token([])).status == 403)
      #expect(try await world.gateway.send("PUT", theirs, token: world.token(Self.otherAdmin)).text == none)
      let fields = [
        ("X-Forwarded-For", "203.0.113.7"), ("X-Forwarded-Host", "example.org"),
        ("X-Forwarded-Proto", "https"),
        ("Forwarded", "for=203.0.113.7"), ("X-Real-IP", "203.0.113.7"), ("Via", "1.1 proxy"),
      ]
      for field in fields {
        func status(_ token: String?) async throws -> Int {
          try await world.gateway.send("PUT", ours, token: token, headers: [field]).status
        }
        #expect(try await status(nil) == 401, "\(field)")
        #expect(try await status(world.token(Self.otherAdmin)) == 403, "\(field)")
        #expect(try await status(world.token(Self.admin)) == 200, "\(field)")
      }
      // At the root: non-associations' queues for anybody, all for who may look after all.
      let body = try Sample.compact("consumed/unknown-event-type.json")
      try await world.client.send(body, [:], to: names.deadLetters(of: names.patients))
      #expect(try await world.gateway.send("PUT", path).text == none)
      let all = try await world.gateway.send("PUT", path, token: world.token(Self.admin + Self.otherAdmin))
      #expect(try all.json.items.map { $0["messagesFoundCount"]?.number } == [0, 0, 1, 0])
      try await world.isDrained(names.patients)
      #expect(try await world.client.counts(of: names.deadLetters(of: names.patients)) == (0, 0))
    }
  }

  @Test(
    "31, 32: unknown names are 404, a dead-letter queue is purged, the audit queue never",
    arguments: Provider.allCases
  )
  func purge(provider: Provider) async throws {
    try await MessagingWorld.run(provider) { (world) async throws in
      let names = world.names
      let token = try world.token(Self.admin)
      for path in [
        "purge-queue/\(names.audit)", "purge-queue/unknown", "retry-dlq/unknown",
        "retry-dlq/\(names.nonAssociations)",
      ] {
        let answer = try await world.gateway.send("PUT", "/queue-admin/\(path)", token: token)
        #expect(answer.status == 404)
        let name = path.split(separator: "/").last ?? ""
        #expect(try answer.json["developerMessage"]?.text == "\(name) not found")
      }
      #expect(
        try await world.gateway.get("/queue-admin/get-dlq-messages/unknown", token: token).status == 404
      )
      let deadLetters = names.deadLetters(of: names.nonAssociations)
      let empty = try await world.gateway.send("PUT", "/queue-admin/retry-dlq/\(deadLetters)", token: token)
      #expect(empty.text == #"{"messagesFoundCount":0}"#)
      for _ in 0..<5 { try await world.client.send("{}", [:], to: deadLetters) }
      let purged = try await world.gateway.send(
        "PUT",
        "/queue-admin/purge-queue/\(deadLetters)",
        token: token
      )
      #expect(purged.text == #"{"messagesFoundCount":5}"#)
      try await eventually("there are no dead letters") {
        try await world.client.counts(of: deadLetters) == (0, 0)
      }
    }
  }

  @Test("23, 24: health tells of topic and queues, and what is missing of them", arguments: Provider.allCases)
  func health(provider: Provider) async throws {
    try await MessagingWorld.run(provider) { (world) async throws in
      let (names, queue) = (world.names, world.names.patients)
      func component(_ name: String, _ base: String) async throws -> JSON {
        try await world.gateway.get("\(base)/health/\(name)").json
      }
      let topic = try await component("domainevents-health", "/non-associations-api")
      #expect(topic["status"] == "UP")
      #expect(topic["details"]?["topicArn"]?.text == names.topicARN)
      // moto does not count them.
      #expect(topic["details"]?["subscriptionsConfirmed"]?.text == (provider == .emulator ? "0" : "3"))
      #expect(topic["details"]?["subscriptionsPending"] == "0")
      let base = "/restricted-patients-api"
      let healthy = try await component("domainevents-health", base)
      #expect(healthy["status"] == "UP")
      #expect(healthy["details"]?["queueName"]?.text == queue)
      #expect(healthy["details"]?["messagesOnQueue"] == "0")
      #expect(healthy["details"]?["dlqStatus"] == "UP")
      #expect(healthy["details"]?["dlqName"]?.text == names.deadLetters(of: queue))
      #expect(healthy["details"]?["secondsSinceLastPoll"]?.text.flatMap { Int($0) } != nil)

      try await removeRedrivePolicy(world, provider, of: queue)
      // What is found is remembered for two seconds.
      try await eventually("the queue is said to be down") {
        try await component("domainevents-health", base)["status"] == "DOWN"
      }
      let withoutPolicy = try await component("domainevents-health", base)
      #expect(withoutPolicy["status"] == "DOWN")
      #expect(withoutPolicy["details"]?["dlqStatus"] == "DOWN")
      #expect(
        withoutPolicy["details"]?["error"]?.text?.contains(
          "MissingRedrivePolicyException: The main queue for domainevents is missing a RedrivePolicy"
        ) == true
      )
      guard provider == .inProcess else {
        // A queue that an emulator has lost is recreated.
        try BotoClient().delete(queue: names.movements)
        try await eventually("the queue is there again, and empty") {
          (try? await world.client.counts(of: names.movements)) ?? (-1, -1) == (0, 0)
        }
        return
      }
      try await delete(world, names.deadLetters(of: queue))
      try await eventually("dead letters are not counted any more") {
        try await component("domainevents-health", base)["details"]?["messagesOnDlq"] == nil
      }
      #expect(try await component("domainevents-health", base)["status"] == "DOWN")
      try await delete(world, names.movements)
      try await eventually("the other queue is said to be down") {
        try await component("offenderevents-health", base)["status"] == "DOWN"
      }
      let gone = try await component("offenderevents-health", base)
      #expect(gone["details"]?["messagesOnQueue"] == nil)
      #expect(try await world.gateway.get("\(base)/health").status == 503)
      #expect(try await world.gateway.get("\(base)/health/readiness").status == 200)
    }
  }

  private func removeRedrivePolicy(_ world: MessagingWorld, _ provider: Provider, of queue: String)
    async throws
  {
    switch provider {
    case .emulator: try BotoClient().removeRedrivePolicy(of: queue)
    case .inProcess:
      try await world.database.run(
        "update gateway_queue set dead_letter_queue = null, max_receive_count = null where name = '\(queue)'"
      )
    }
  }

  private func delete(_ world: MessagingWorld, _ queue: String) async throws {
    try await world.database.run("delete from gateway_queue where name = '\(queue)'")
  }
}
