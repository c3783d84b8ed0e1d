import HTTPTransport
import HTTPTypes
import TestKit
import Testing

@testable import Gateway

@Suite(
  "A change that is accepted is announced and audited, whatever its caller wrote and whatever the broker has"
)
struct AnnouncedChangeTests {
  private static let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

  /// Makes a change.
  /// - Returns: its event and its audit message.
  private static func change(
    _ world: MessagingWorld,
    comment: String,
    user: String = "U",
    state: String? = nil
  ) async throws -> (event: JSON, envelope: JSON, audit: JSON) {
    let headers =
      [("Content-Type", "application/json"), ("traceparent", trace)]
      + (state.map { [("tracestate", $0)] } ?? [])
    let answer = try await world.gateway.send(
      "POST",
      "/non-associations",
      token: try world.token(["WRITE_NON_ASSOCIATIONS"], user: user),
      headers: headers,
      body: CreateTests.body(comment: comment)
    )
    #expect(answer.status == 201, "\(answer.text.prefix(300))")
    let (message, envelope) = try await world.nextEvent()
    let audit = try await world.take(1, from: world.names.audit)[0]
    try await eventually("everything is published") {
      try await world.database.count("gateway_outbox where published_at is null or set_aside_at is not null")
        == 0
    }
    try await world.database.run("delete from non_association")
    return (try JSON(parsing: Array(message.utf8)), envelope, try JSON(parsing: Array(audit.body.utf8)))
  }

  private static func comment(_ audit: JSON) throws -> String {
    let details = try JSON(parsing: Array((audit["details"]?.text ?? "").utf8))
    return details["comment"]?.text ?? ""
  }

  @Test(
    "Characters that SQS and SNS do not allow, in a header, a body and a token",
    arguments: Provider.allCases
  )
  func characters(provider: Provider) async throws {
    try await MessagingWorld.run(provider) { (world) async throws in
      let illegal = try await Self.change(world, comment: "fighting", state: "a=\u{FFFF}")
      #expect(illegal.envelope["MessageAttributes"]?["tracestate"] == nil)
      #expect(
        illegal.envelope["MessageAttributes"]?["traceparent"]?["Value"]?.text?.contains("4bf92f35") == true
      )
      let legal = try await Self.change(world, comment: "fighting", state: "a=1,b=2")
      #expect(legal.envelope["MessageAttributes"]?["tracestate"]?["Value"]?.text == "a=1,b=2")
      let texts = try await Self.change(
        world,
        comment: "x\u{FFFF}y\u{FFFE}\\u001F\u{7F}\u{10FFFF}z",
        user: "U\u{FFFE}V"
      )
      #expect(try Self.comment(texts.audit) == "x\u{FFFF}y\u{FFFE}\u{1F}\u{7F}\u{10FFFF}z")
      #expect(texts.audit["who"]?.text == "U\u{FFFE}V")
    }
  }

  @Test(
    "Texts up to the body limit; what SQS has no room for is told shortened, and says so",
    arguments: Provider.allCases
  )
  func sizes(provider: Provider) async throws {
    try await MessagingWorld.run(provider) { (world) async throws in
      let long = String(repeating: "a", count: 300_000)
      #expect(try Self.comment(try await Self.change(world, comment: long).audit) == long)
      // Two bytes in the body, four in the audit message.
      let quoted = try await Self.change(world, comment: String(repeating: "\\\"", count: 400_000))
      let told = try Self.comment(quoted.audit)
      #expect(told.hasSuffix("\" [shortened from 400000 characters]"))
      #expect(told.count > 255_000)
      #expect(quoted.audit["what"]?.text == "NON_ASSOCIATION_CREATED")
    }
  }

  @Test("An audit queue that takes less gets it shortened, without being told in a setting")
  func smallQueue() async throws {
    try await MessagingWorld.run(.emulator) { (world) async throws in
      try BotoClient().setMaximumMessageSize(262_144, of: world.names.audit)
      let told = try Self.comment(
        try await Self.change(world, comment: String(repeating: "a", count: 300_000)).audit
      )
      #expect(told.hasSuffix("a [shortened from 300000 characters]"))
      #expect(told.count > 250_000)
    }
  }

  @Test("A key that is off, a page of something between, an address that is none: later it is sent, in order")
  func trouble() async throws {
    let html = ServerResponse(status: .notFound, body: Array("<html>no such page</html>".utf8))
    for (topic, queue) in [
      (EmulatorProxy.snsError("KMSDisabled"), EmulatorProxy.sqsError("InvalidAddress")),
      (html, html), (EmulatorProxy.snsError("InvalidParameter", "Invalid parameter: TopicArn"), html),
    ] {
      try await EmulatorProxy.run { (proxy, url) async throws in
        try await MessagingWorld.run(.emulator, emulatorURL: url) { (world) async throws in
          proxy.fail("Publish", times: .max, with: topic)
          proxy.fail("SendMessage", times: .max, with: queue)
          let id = try await world.database.insertOpen("A1234BC", "D5678EF")
          let token = try world.token(["WRITE_NON_ASSOCIATIONS", "DELETE_NON_ASSOCIATIONS"], user: "U")
          let close = #"{"closedReason":"settled"}"#
          #expect(try await world.write("PUT", "/non-associations/\(id)/close", close, token).status == 200)
          let delete = #"{"deletionReason":"wrong","staffUserNameRequestingDeletion":"S"}"#
          #expect(
            try await world.write("POST", "/non-associations/\(id)/delete", delete, token).status == 204
          )
          for action in ["Publish", "SendMessage"] {
            try await eventually("\(action) was called eight times") {
              proxy.calls.count { $0 == action } >= 8
            }
          }
          #expect(try await world.database.count("gateway_outbox where set_aside_at is not null") == 0)
          for action in ["Publish", "SendMessage"] { proxy.fail(action, times: 0) }
          let events = try await world.take(2, from: world.names.subscriber)
          #expect(Set(events.map { $0.body.contains("non-associations.closed") }) == [true, false])
          try await eventually("everything is published") {
            try await world.database.count("gateway_outbox where published_at is null") == 0
          }
          for kind in ["event", "audit"] {
            let order = "string_agg(right(event_type, 6), ',' order by published_at)"
            let types = try await world.database.row(
              "select \(order) from gateway_outbox where kind = '\(kind)'"
            )
            #expect(types.lowercased() == "closed,eleted")
          }
          let audits = try await world.take(2, from: world.names.audit)
          #expect(Set(audits.map { $0.body.contains("_CLOSED") }) == [true, false])
          #expect(try await world.database.count("gateway_outbox where set_aside_at is not null") == 0)
        }
      }
    }
  }
}
