import Crypto
import Events
import Foundation
import ModuleKit
import SharedAuth
import Testing

@testable import Gateway

/// Settings of docs/contract/platform.md §9.1 and docs/contract/adoption.md §4, by their names: each is read, passed
/// over in silence where that is right, or warned about, once.
@Suite("Platform: settings of the replaced services")
struct ReplacedSettingsTests {
  @Test(
    "AD-33: times are those of the replaced services, and above zero",
    arguments: [
      ("20s", 20_000_000_000), ("20S", 20_000_000_000), ("PT20S", 20_000_000_000), ("pt20s", 20_000_000_000),
      ("20000", 20_000_000_000), ("500ms", 500_000_000), ("500MS", 500_000_000), ("1m", 60_000_000_000),
      ("2h", 7_200_000_000_000), ("1d", 86_400_000_000_000), ("10us", 10_000), ("10ns", 10),
      ("+5s", 5_000_000_000),
      ("P1DT1H1M1.5S", 90_061_500_000_000), ("PT0,000000001S", 1), ("PT1M-20S", 40_000_000_000),
      ("+PT2M", 120_000_000_000), ("-PT-1S", 1_000_000_000), ("P2D", 172_800_000_000_000),
      ("0s", nil), ("0", nil), ("-1s", nil), ("PT0S", nil), ("-PT1S", nil), ("x", nil), ("20 s", nil),
      ("s", nil),
      ("P", nil), ("PT", nil), ("P1", nil), ("PT1D", nil), ("P1H", nil), ("PT1S1M", nil), ("PT1S1S", nil),
      ("PT1.5M", nil), ("PT1.0000000001S", nil), ("1.5s", nil), ("99999999999999999999s", nil), ("--1s", nil),
      ("999999999999d", nil), ("٣s", nil), ("PT99999999999H", nil), ("P1DT", nil), ("-", nil),
    ] as [(String, Int64?)]
  )
  func times(text: String, nanoseconds: Int64?) {
    var reader = SettingsReader(environment: ["API_TIMEOUT": text], profile: .standard)
    let duration = reader.duration(SettingsCatalog.apiTimeout)
    if let nanoseconds {
      #expect(reader.problems == [])
      #expect(duration == .nanoseconds(nanoseconds))
    } else {
      #expect(reader.problems.count == 1 && reader.problems[0].hasPrefix("API_TIMEOUT: '\(text)' is not"))
    }
  }

  /// Every name of docs/contract/platform.md §9.1 and docs/contract/adoption.md §1.1, §1.2, §4, set as the replaced
  /// services' charts set it; what both charts set to something else stands with the module before it.
  static let charts: [String: String] = [
    "SERVER_PORT": "8080", "SPRING_PROFILES_ACTIVE": "postgres,logstash", "JAVA_OPTS": "-Xmx512m",
    "HMPPS_SQS_USE_WEB_TOKEN": "true", "APPLICATIONINSIGHTS_CONFIGURATION_FILE": "applicationinsights.json",
    "API_BASE_URL_OAUTH": "https://sign-in/auth", "API_BASE_URL_PRISONER_SEARCH": "https://search",
    "OAUTH_ENDPOINT_URL": "https://sign-in/auth", "PRISON_API_ENDPOINT_URL": "https://prison-api",
    "PRISONER_SEARCH_API_ENDPOINT_URL": "https://search", "API_TIMEOUT": "20s", "API_HEALTH_TIMEOUT": "2s",
    "NON_ASSOCIATIONS_API_CLIENT_ID": "a", "NON_ASSOCIATIONS_API_CLIENT_SECRET": "b",
    "RESTRICTED_PATIENTS_API_CLIENT_ID": "c", "RESTRICTED_PATIENTS_API_CLIENT_SECRET": "d",
    "NON_ASSOCIATIONS_PRODUCT_ID": "DPS032", "RESTRICTED_PATIENTS_PRODUCT_ID": "DPS066",
    "NON_ASSOCIATIONS_DATABASE_ENDPOINT": "na:5432", "NON_ASSOCIATIONS_DATABASE_NAME": "db",
    "NON_ASSOCIATIONS_DATABASE_USERNAME": "u", "NON_ASSOCIATIONS_DATABASE_PASSWORD": "p",
    "RESTRICTED_PATIENTS_DATABASE_ENDPOINT": "rp:5432", "RESTRICTED_PATIENTS_DATABASE_NAME": "db",
    "RESTRICTED_PATIENTS_DATABASE_USERNAME": "u", "RESTRICTED_PATIENTS_DATABASE_PASSWORD": "p",
    "HMPPS_SQS_PROVIDER": "aws",
    "HMPPS_SQS_REGION": "eu-west-2", "HMPPS_SQS_LOCALSTACK_URL": "http://localhost:4566",
    "HMPPS_SQS_TOPICS_DOMAINEVENTS_ARN": "arn:aws:sns:eu-west-2:123456789012:t",
    "HMPPS_SQS_TOPICS_DOMAINEVENTSOUTBOUND_ARN": "arn:aws:sns:eu-west-2:123456789012:t",
    "HMPPS_SQS_QUEUES_AUDIT_QUEUE_NAME": "audit", "HMPPS_SQS_QUEUES_NONASSOCIATIONS_QUEUE_NAME": "na",
    "HMPPS_SQS_QUEUES_NONASSOCIATIONS_DLQ_NAME": "na-dlq", "HMPPS_SQS_QUEUES_DOMAINEVENTS_QUEUE_NAME": "de",
    "HMPPS_SQS_QUEUES_DOMAINEVENTS_DLQ_NAME": "de-dlq", "HMPPS_SQS_QUEUES_OFFENDEREVENTS_QUEUE_NAME": "oe",
    "HMPPS_SQS_QUEUES_OFFENDEREVENTS_DLQ_NAME": "oe-dlq",
    "RESTRICTED_PATIENTS_ERROR_VISIBILITY_TIMEOUT": "1, 10",
    "BATCH_ENABLED": "true", "BATCH_TYPE": "PAST_DATE_CHECK", "BUILD_NUMBER": "1_0_0",
    "APPLICATIONINSIGHTS_CONNECTION_STRING": "InstrumentationKey=00000000-0000-0000-0000-000000000000",
    "SPRINGDOC_API-DOCS_ENABLED": "true", "SPRINGDOC_SWAGGER-UI_ENABLED": "true", "HTTPS_PROXY": "proxy",
    "http_proxy": "proxy", "No_Proxy": "localhost", "TZ": "Europe/London",
    "AWS_ROLE_ARN": "arn:aws:iam::1:role/x",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "/var/run/token", "AWS_REGION": "eu-west-2",
  ]

  @Test("What the replaced services' charts set is taken without a warning, from the environment and a file")
  func silent() throws {
    var reader = SettingsReader(environment: Self.charts, profile: .standard)
    #expect(reader.unknownNames() == [])
    #expect(reader.ineffectiveSettings().map(\.name) == [])
    _ = try Configuration.read(&reader)
    let file = Self.charts.filter { $0.key != "AWS_REGION" }
    let other = SettingsReader(environment: [:], file: file, profile: .standard)
    #expect(other.unknownNames() == [])
    #expect(other.ineffectiveSettings().map(\.name) == [])
  }

  @Test(
    "What has no effect here, or is misspelt, is named once",
    arguments: [
      ("TZ", "UTC"),
      ("SPRINGDOC_SWAGGER-UI_ENABLED", "false"),
      ("HMPPS_SQS_QUEUES_NONASSOCIATIONS_PROPAGATETRACES", "false"),
      ("HMPPS_SQS_QUEUE_AUDIT_QUEUE_NAME", "x"),
      ("SERVER_PROT", "1"), ("NON_ASSOCIATIONS_DATABSE_URL", "x"),
    ]
  )
  func warned(name: String, value: String) async throws {
    let reader = SettingsReader(environment: Self.charts.merging([name: value]) { $1 }, profile: .standard)
    #expect(reader.unknownNames() + reader.ineffectiveSettings().map(\.name) == [name])
    // `serve` says so in its log, `config` on the screen.
    let settings = Program.settings(database: "postgresql://nobody@127.0.0.1:1/nothing")
      .merging([
        "NON_ASSOCIATIONS_DATABASE_USERNAME": "u", "NON_ASSOCIATIONS_DATABASE_PASSWORD": "p",
        "SPRINGDOC_API-DOCS_ENABLED": "true",
      ]) { $1 }
      .merging([name: value]) { $1 }
    let program = try Program(["config"], settings)
    _ = try await program.ending()
    #expect(program.text.components(separatedBy: "warning: \(name) ").count == 2, "\(program.text)")
    let server = try Program(["serve"], settings)
    try await server.says(#""name":"\#(name)""#)
    server.send(SIGTERM)
    _ = try await server.ending()
  }

  @Test("Whether traces go on is read for each topic and queue")
  func tracing() throws {
    let topic = "HMPPS_SQS_TOPICS_DOMAINEVENTS_PROPAGATETRACING"
    let names = [
      topic, "HMPPS_SQS_TOPICS_DOMAINEVENTSOUTBOUND_PROPAGATE_TRACING",
      "HMPPS_SQS_QUEUES_AUDIT_PROPAGATETRACING",
      "HMPPS_SQS_QUEUES_NONASSOCIATIONS_PROPAGATE_TRACING", "HMPPS_SQS_QUEUES_DOMAINEVENTS_PROPAGATETRACING",
      "HMPPS_SQS_QUEUES_OFFENDEREVENTS_PROPAGATETRACING",
    ]
    /// Which of all topics and queues pass traces on.
    func passing(_ settings: [String: String]) throws -> [Bool] {
      var reader = SettingsReader(environment: Self.charts.merging(settings) { $1 }, profile: .standard)
      #expect(reader.unknownNames() == [])
      #expect(reader.ineffectiveSettings().map(\.name) == [])
      let services = try Configuration.read(&reader).messaging.services
      let sent = services.map { $0.destinations(at: .aws) }
      return [sent[0].tracesEvents, sent[1].tracesEvents, sent[0].tracesAudits]
        + services.flatMap(\.queues).map(\.propagatesTracing)
    }
    #expect(try passing([:]) == Array(repeating: true, count: 6))
    for (index, name) in names.enumerated() {
      #expect(try passing([name: "false"]) == names.indices.map { $0 != index }, "\(name)")
      #expect(try passing([name: "true"]) == Array(repeating: true, count: 6))
    }
    #expect(throws: ConfigurationError.self) { try passing([topic: "perhaps"]) }
  }

  @Test("How long a failed message waits is read for the module, for a queue and for an event type")
  func errorVisibility() throws {
    var settings = Self.charts
    settings["HMPPS_SQS_QUEUES_OFFENDEREVENTS_ERRORVISIBILITYTIMEOUT"] = "2, 20"
    settings[
      "HMPPS_SQS_QUEUES_DOMAINEVENTS_EVENTERRORVISIBILITYTIMEOUT_PRISON_OFFENDER_EVENTS_PRISONER_MERGED"
    ] = "3"
    var reader = SettingsReader(environment: settings, profile: .standard)
    settings["HMPPS_SQS_QUEUES_DOMAINEVENTS_DLQMAXRECEIVECOUNT"] = "3"
    settings["HMPPS_SQS_QUEUES_DOMAINEVENTS_VISIBILITYTIMEOUT"] = "60"
    settings["HMPPS_SQS_QUEUES_DOMAINEVENTS_SUBSCRIBETOPICID"] = "domainevents"
    settings["HMPPS_SQS_QUEUES_DOMAINEVENTS_SUBSCRIBEFILTER"] = "{}"
    reader = SettingsReader(environment: settings, profile: .standard)
    #expect(reader.unknownNames() == [])
    #expect(reader.ineffectiveSettings().map(\.name) == [])
    let services = try Configuration.read(&reader).messaging.services
    let made = services.flatMap(\.definitions).filter { ["de", "oe"].contains($0.name) }
    #expect(made.map(\.maximumReceiveCount).sorted() == [3, 5])
    #expect(made.map(\.visibilityTimeout).sorted() == [.seconds(30), .seconds(60)])
    let policies = services.flatMap(\.queues).reduce(into: [:]) { $0[$1.id] = $1.retryPolicy }
    #expect(
      policies == [
        "nonassociations": RetryPolicy([0]), "offenderevents": RetryPolicy([2, 20]),
        "domainevents": RetryPolicy([1, 10], eventTimeouts: ["prison-offender-events.prisoner.merged": [3]]),
      ]
    )
    settings["HMPPS_SQS_QUEUES_OFFENDEREVENTS_ERRORVISIBILITYTIMEOUT"] = "soon"
    reader = SettingsReader(environment: settings, profile: .standard)
    let error = #expect(throws: ConfigurationError.self) { try Configuration.read(&reader) }
    #expect(
      error?.problems.first?.hasPrefix("HMPPS_SQS_QUEUES_OFFENDEREVENTS_ERRORVISIBILITYTIMEOUT: 'soon'")
        == true
    )
  }

  @Test(
    "AD-34: keys of each topic and queue are used where the web token is not, and the first missing is named"
  )
  func keys() throws {
    var settings = Self.charts
    settings["HMPPS_SQS_USE_WEB_TOKEN"] = "false"
    var reader = SettingsReader(environment: settings, profile: .standard)
    let error = #expect(throws: ConfigurationError.self) { try Configuration.read(&reader) }
    #expect(error?.problems.first?.hasPrefix("HMPPS_SQS_TOPICS_DOMAINEVENTS_ACCESSKEYID is not set") == true)
    #expect(error?.problems.count == 18)
    // Half of them with `_` between the words.
    for (index, prefix) in BrokerKeys.prefixes(of: Modules.all).enumerated() {
      let (id, secret) = BrokerKeys.settings(prefix)
      settings[index % 2 == 0 ? id.name : id.aliases[0]] = "key \(prefix)"
      settings[index % 2 == 0 ? secret.name : secret.aliases[0]] = "secret \(prefix)"
    }
    reader = SettingsReader(environment: settings, profile: .standard)
    #expect(reader.unknownNames() == [])
    // As in production both services publish to one topic: the keys of the later one serve.
    let keys = try #require(try Configuration.read(&reader).messaging.keys)
    #expect(keys["na"]?.accessKeyID == "key HMPPS_SQS_QUEUES_NONASSOCIATIONS_QUEUE")
    #expect(keys["na-dlq"]?.secretAccessKey.reveal() == "secret HMPPS_SQS_QUEUES_NONASSOCIATIONS_DLQ")
    #expect(keys["audit"]?.accessKeyID == "key HMPPS_SQS_QUEUES_AUDIT_QUEUE")
    #expect(keys["de-dlq"]?.accessKeyID == "key HMPPS_SQS_QUEUES_DOMAINEVENTS_DLQ")
    #expect(keys["oe"]?.accessKeyID == "key HMPPS_SQS_QUEUES_OFFENDEREVENTS_QUEUE")
    #expect(
      keys["arn:aws:sns:eu-west-2:123456789012:t"]?.accessKeyID.hasPrefix("key HMPPS_SQS_TOPICS_") == true
    )
    #expect(keys.count == 8)
    settings["HMPPS_SQS_USE_WEB_TOKEN"] = "true"
    reader = SettingsReader(environment: settings, profile: .standard)
    #expect(try Configuration.read(&reader).messaging.keys == nil)
  }
}
