import AWSPeer
import ServerTestKit
import ServiceKit
import Synchronization
import TestKit
import Testing

@testable import Gateway

@Suite("The whole gateway on an emulator that fails, or that somebody has used before")
struct BrokerDownTests {
  @Test(
    "38, 150: while SNS fails, changes are committed and answered; each is published once when it is back"
  )
  func snsDown() async throws {
    try await EmulatorProxy.run { (proxy, url) async throws in
      try await MessagingWorld.run(.emulator, emulatorURL: url) { (world) async throws in
        let id = try await world.database.insertOpen("A1234BC", "D5678EF")
        let token = try world.token(["WRITE_NON_ASSOCIATIONS"], user: "U")
        let attempts = { proxy.calls.count { $0 == "Publish" } }
        proxy.fail("Publish", times: .max)
        let closed = try await world.write(
          "PUT",
          "/non-associations/\(id)/close",
          #"{"closedReason":"settled"}"#,
          token
        )
        #expect(closed.status == 200)
        #expect(try await world.database.row("select is_closed from non_association") == "t")
        try await eventually("it was tried three times") { attempts() >= 3 }
        #expect(try await world.client.counts(of: world.names.subscriber) == (0, 0))
        // The audit queue is up meanwhile.
        #expect(try await world.take(1, from: world.names.audit)[0].body.contains("NON_ASSOCIATION_CLOSED"))
        // The client of SNS has tries of its own: a failure is what they end with.
        try await eventually("the failure is counted") {
          let metrics = try ScrapedMetrics(try await world.gateway.get("/metrics").body)
          func value(_ name: String) -> Double { metrics.value(name, ["module": "non-associations"]) ?? -1 }
          return value("events_outbox_messages") == 1 && value("events_publish_failures_total") >= 1
        }
        proxy.fail("Publish", times: 3)
        #expect(try await world.nextEvent().message.contains("non-associations.closed"))
        try await eventually("everything is published") {
          try await world.database.count("gateway_outbox where published_at is null") == 0
        }
        #expect(try await world.client.counts(of: world.names.subscriber) == (0, 0))
      }
    }
  }

  @Test("an emulator that answers no poll makes nothing deaf: what was sent meanwhile is handled after")
  func sqsDown() async throws {
    try await EmulatorProxy.run { (proxy, url) async throws in
      try await MessagingWorld.run(.emulator, emulatorURL: url) { (world) async throws in
        try await world.database.insertOpen("A1111AA", "C3333CC")
        for action in ["ReceiveMessage", "DeleteMessageBatch"] { proxy.fail(action, times: 20) }
        try await world.client.send(
          Sample.compact("consumed/prisoner.merged.json"),
          [:],
          to: world.names.nonAssociations
        )
        try await eventually("the number is merged") {
          try await world.database.row("select first_prisoner_number from non_association") == "B2222BB"
        }
      }
    }
  }

  @Test("48: started twice on an emulator, there are the same queues and one subscription each")
  func twice() async throws {
    let names = MessagingNames()
    func subscriptions() throws -> Set<String> {
      let answers = try [names.topicARN, names.offenderTopicARN].flatMap { arn in
        try AWSPeer.shared.boto("sns", "list_subscriptions_by_topic", ["TopicArn": arn])["Subscriptions"]?
          .elements ?? []
      }
      let endpoints = answers.compactMap { $0["Endpoint"]?.text?.split(separator: ":").last.map(String.init) }
      #expect(Set(endpoints).count == endpoints.count)
      return Set(endpoints)
    }
    for _ in 0..<2 {
      try await MessagingWorld.run(.emulator, names: names) { (world) async throws in
        #expect(
          try subscriptions() == [names.nonAssociations, names.patients, names.movements, names.subscriber]
        )
        let body = try Sample.compact("consumed/unknown-event-type.json")
        try await world.client.send(body, [:], to: names.deadLetters(of: names.patients))
      }
    }
    // What was there before the second start still is.
    #expect(try await BotoClient().counts(of: names.deadLetters(of: names.patients)) == (2, 0))
  }

  @Test("14: a create tells telemetry of itself, and of its audit message once the queue has it")
  func telemetry() async throws {
    let collector = CollectorDouble()
    let ids = Mutex<[String]>([])
    try await collector.run { url in
      let settings = [
        "NON_ASSOCIATIONS_APPLICATIONINSIGHTS_CONNECTION_STRING":
          "InstrumentationKey=key;IngestionEndpoint=\(url)/"
      ]
      try await MessagingWorld.run(.inProcess, settings: settings) { (world) async throws in
        let token = try world.token(["WRITE_NON_ASSOCIATIONS", "DELETE_NON_ASSOCIATIONS"], user: "U")
        let created = try await world.write("POST", "/non-associations", CreateTests.body, token)
        let id = try #require(try created.json["id"]?.number)
        let body = #"{"deletionReason":"wrong","staffUserNameRequestingDeletion":"S"}"#
        #expect(try await world.write("POST", "/non-associations/\(id)/delete", body, token).status == 204)
        try await eventually("two audit records are on the queue") {
          try await world.client.counts(of: world.names.audit).visible == 2
        }
        let messages = try await world.database.row(
          "select string_agg(message_id::text, ' ' order by id) from gateway_queue_message where queue = '\(world.names.audit)'"
        )
        ids.withLock { $0 = ["\(id)"] + messages.split(separator: " ").map(String.init) }
        try await eventually("all audit records are sent") {
          try await world.database.count("gateway_outbox where kind = 'audit' and published_at is null") == 0
        }
      }
    }
    // Shutting the gateway down has sent what was waiting.
    let items = try collector.items
    func properties(_ name: String) -> JSON? {
      items.first { $0["data"]?["baseData"]?["name"]?.text == name }?["data"]?["baseData"]?["properties"]
    }
    let (id, first, second) = ids.withLock { ($0[0], $0[1], $0[2]) }
    let created = properties("Created Non-Association")
    #expect(created?["id"]?.text == id)
    #expect(created?["1stPrisoner"] == "A1234BC" && created?["2ndPrisoner"] == "D5678EF")
    let audited = properties("NON_ASSOCIATION_CREATED")
    #expect(audited?["id"]?.text == id && audited?["messageId"]?.text == first)
    let deleted = properties("NON_ASSOCIATION_DELETED")
    #expect(deleted?["id"]?.text == id && deleted?["messageId"]?.text == second)
  }
}
