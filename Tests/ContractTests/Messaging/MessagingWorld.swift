import AWSPeer
import Foundation
import Logging
import Synchronization
import TestKit
import Testing
import Time

@testable import Gateway

/// A time of day that a test sets.
final class SettableClock: WallClock {
  private let time: Mutex<Timestamp>

  init(_ text: String) throws { time = Mutex(try instant(text)) }

  func now() -> Timestamp { time.withLock(\.self) }

  func set(_ text: String) throws {
    let instant = try instant(text)
    time.withLock { $0 = instant }
  }
}

/// Topics and queues of one test.
struct MessagingNames: Sendable {
  private let suffix = String(UInt32.random(in: 0...UInt32.max), radix: 36)

  /// Both services publish to it and consume from it, as in production.
  var topicARN: String { "arn:aws:sns:eu-west-2:000000000000:domain-events-\(suffix)" }
  var offenderTopicARN: String { "arn:aws:sns:eu-west-2:000000000000:offender-events-\(suffix)" }
  var audit: String { "audit-\(suffix)" }
  var nonAssociations: String { "na-\(suffix)" }
  var patients: String { "rp-domain-\(suffix)" }
  var movements: String { "rp-offender-\(suffix)" }
  /// Of nobody here: gets all that is published.
  var subscriber: String { "subscriber-\(suffix)" }

  func deadLetters(of queue: String) -> String { "\(queue)-dlq" }

  var settings: [String: String] {
    [
      "HMPPS_SQS_TOPICS_DOMAINEVENTS_ARN": topicARN, "HMPPS_SQS_TOPICS_DOMAINEVENTSOUTBOUND_ARN": topicARN,
      "HMPPS_SQS_TOPICS_DOMAINEVENTSQUEUE_ARN": topicARN,
      "HMPPS_SQS_TOPICS_OFFENDEREVENTSQUEUE_ARN": offenderTopicARN,
      "HMPPS_SQS_QUEUES_AUDIT_QUEUE_NAME": audit,
      "HMPPS_SQS_QUEUES_NONASSOCIATIONS_QUEUE_NAME": nonAssociations,
      "HMPPS_SQS_QUEUES_NONASSOCIATIONS_DLQ_NAME": deadLetters(of: nonAssociations),
      "HMPPS_SQS_QUEUES_DOMAINEVENTS_QUEUE_NAME": patients,
      "HMPPS_SQS_QUEUES_DOMAINEVENTS_DLQ_NAME": deadLetters(of: patients),
      "HMPPS_SQS_QUEUES_OFFENDEREVENTS_QUEUE_NAME": movements,
      "HMPPS_SQS_QUEUES_OFFENDEREVENTS_DLQ_NAME": deadLetters(of: movements),
    ]
  }
}

/// The whole gateway on a broker, with a subscriber to its topic.
struct MessagingWorld: Sendable {
  let gateway: RunningGateway
  let clock: SettableClock
  let names: MessagingNames
  let client: any BrokerClient

  var database: TestDatabase { gateway.database }

  /// - Parameters:
  ///   - time: at which the clock stands until it is set.
  ///   - emulatorURL: in front of moto; nil for moto itself.
  static func run(
    _ provider: Provider,
    at time: String = "2026-01-15T10:20:30.123456Z",
    names: MessagingNames = MessagingNames(),
    emulatorURL: String? = nil,
    settings: [String: String] = [:],
    logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
    _ body: (MessagingWorld) async throws -> Void
  ) async throws {
    let clock = try SettableClock(time)
    var all = names.settings
    all["HMPPS_SQS_PROVIDER"] = provider.rawValue
    if provider == .emulator {
      all["HMPPS_SQS_LOCALSTACK_URL"] = emulatorURL ?? "\(AWSPeer.shared.url)"
    }
    // A list of its own in most tests: the real one takes minutes to a dead letter.
    all["RESTRICTED_PATIENTS_ERROR_VISIBILITY_TIMEOUT"] = "0"
    all.merge(settings) { $1 }
    try await withGateway(clock: clock, settings: all, logger: logger, patientsOutbox: nil) {
      (gateway) async throws in
      let world = MessagingWorld(
        gateway: gateway,
        clock: clock,
        names: names,
        client: provider.client(of: gateway.database)
      )
      // The gateway does not wait for an emulator; what it makes last is this subscription.
      if provider == .emulator {
        try await eventually("the queue is subscribed to the topic") {
          BotoClient().hasSubscription(names.offenderTopicARN)
        }
      }
      try await world.client.subscribe(names.subscriber, to: names.topicARN)
      try await body(world)
    }
  }

  // MARK: What came

  /// Waits for `count` messages on a queue and takes them. Debug builds take their time over the largest.
  func take(_ count: Int, from queue: String) async throws -> [FoundMessage] {
    var found: [FoundMessage] = []
    try await eventually("there are \(count) messages on \(queue)", within: .seconds(90)) {
      found += try await client.take(from: queue)
      return found.count >= count
    }
    try #require(found.count == count)
    return found
  }

  /// The next event that the subscriber gets, and its attributes.
  func nextEvent() async throws -> (message: String, envelope: JSON) {
    let body = try await take(1, from: names.subscriber)[0].body
    let envelope = try JSON(parsing: Array(body.utf8))
    return (try #require(envelope["Message"]?.text), envelope)
  }

  /// Waits until a consumer has nothing left: all is handled and acknowledged.
  func isDrained(_ queue: String) async throws {
    try await eventually("\(queue) is empty") { try await client.counts(of: queue) == (0, 0) }
  }

  /// Waits for so many dead letters.
  func deadLetters(of queue: String, _ count: Int) async throws {
    try await eventually("\(queue) is empty, and \(count) are dead letters") {
      let left = try await client.counts(of: queue)
      let dead = try await client.counts(of: names.deadLetters(of: queue))
      return left == (0, 0) && dead == (count, 0)
    }
  }

  // MARK: Requests

  /// Good for a year, as tests move the clock.
  func token(_ roles: [String], user: String? = nil, client: String = "test-client") throws -> String {
    try gateway.token(
      roles: roles,
      user: user,
      expiresIn: 365 * 86_400,
      claims: ["client_id": .text(client)]
    )
  }

  func write(_ method: String, _ target: String, _ body: String, _ token: String) async throws -> Answer {
    try await gateway.send(
      method,
      target,
      token: token,
      headers: [("Content-Type", "application/json")],
      body: body
    )
  }
}

/// The documents of `shared/contract/samples`, kept beside the tests.
enum Sample {
  /// As it is.
  static func text(_ name: String) throws -> String {
    let folder = try #require(Bundle.module.url(forResource: "Samples", withExtension: nil))
    return try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
      .trimmingCharacters(in: .newlines)
  }

  /// Without the blanks between its tokens: as it goes over the wire.
  static func compact(_ name: String) throws -> String {
    var compact = ""
    var isInString = false
    var isEscaped = false
    for character in try text(name).unicodeScalars {
      if isInString || !character.properties.isWhitespace { compact.unicodeScalars.append(character) }
      if isEscaped {
        isEscaped = false
      } else if character == "\\" {
        isEscaped = isInString
      } else if character == "\"" {
        isInString.toggle()
      }
    }
    return compact
  }
}
