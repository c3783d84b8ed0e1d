import ModuleKit
import Testing

@testable import Gateway

/// Which modules are hosted, by the settings alone (docs/contract/adoption.md §1.3, §8).
@Suite("docs/contract/adoption.md §1: which modules are hosted")
struct ModuleSelectionTests {
  /// docs/contract/adoption.md §1.1
  static let nonAssociations = [
    "SERVER_PORT": "8080", "SPRING_PROFILES_ACTIVE": "logstash", "JAVA_OPTS": "-Xmx512m",
    "HMPPS_SQS_USE_WEB_TOKEN": "true", "APPLICATIONINSIGHTS_CONFIGURATION_FILE": "applicationinsights.json",
    "API_BASE_URL_OAUTH": "https://sign-in.example/auth",
    "API_BASE_URL_PRISONER_SEARCH": "https://search.example",
    "PRODUCT_ID": "DPS032",
    "APPLICATIONINSIGHTS_CONNECTION_STRING": "InstrumentationKey=00000000-0000-0000-0000-000000000000",
    "NON_ASSOCIATIONS_API_CLIENT_ID": "na", "NON_ASSOCIATIONS_API_CLIENT_SECRET": "secret",
    "DATABASE_ENDPOINT": "na.example:5432", "DATABASE_NAME": "na", "DATABASE_USERNAME": "u",
    "DATABASE_PASSWORD": "p", "SPRING_FLYWAY_USER": "u", "SPRING_FLYWAY_PASSWORD": "p",
    "HMPPS_SQS_TOPICS_DOMAINEVENTS_ARN": "arn:aws:sns:eu-west-2:123456789012:events",
    "HMPPS_SQS_QUEUES_AUDIT_QUEUE_NAME": "audit", "HMPPS_SQS_QUEUES_NONASSOCIATIONS_QUEUE_NAME": "na",
    "HMPPS_SQS_QUEUES_NONASSOCIATIONS_DLQ_NAME": "na-dlq", "AWS_ROLE_ARN": "arn:aws:iam::1:role/na",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "/token", "BUILD_NUMBER": "1_0_0",
  ]

  /// docs/contract/adoption.md §1.2
  static let restrictedPatients = [
    "SERVER_PORT": "8080", "SPRING_PROFILES_ACTIVE": "postgres,logstash", "PRODUCT_ID": "DPS066",
    "APPLICATIONINSIGHTS_CONFIGURATION_FILE": "applicationinsights.json",
    "PRISON_API_ENDPOINT_URL": "https://prison-api.example",
    "PRISONER_SEARCH_API_ENDPOINT_URL": "https://search.example",
    "OAUTH_ENDPOINT_URL": "https://sign-in.example/auth",
    "APPLICATIONINSIGHTS_CONNECTION_STRING": "InstrumentationKey=00000000-0000-0000-0000-000000000000",
    "RESTRICTED_PATIENTS_API_CLIENT_ID": "rp", "RESTRICTED_PATIENTS_API_CLIENT_SECRET": "secret",
    "DATABASE_ENDPOINT": "rp.example:5432", "DATABASE_NAME": "rp", "DATABASE_USERNAME": "u",
    "DATABASE_PASSWORD": "p",
    "HMPPS_SQS_TOPICS_DOMAINEVENTSOUTBOUND_ARN": "arn:aws:sns:eu-west-2:123456789012:events",
    "HMPPS_SQS_QUEUES_OFFENDEREVENTS_QUEUE_NAME": "oe", "HMPPS_SQS_QUEUES_OFFENDEREVENTS_DLQ_NAME": "oe-dlq",
    "HMPPS_SQS_QUEUES_DOMAINEVENTS_QUEUE_NAME": "de", "HMPPS_SQS_QUEUES_DOMAINEVENTS_DLQ_NAME": "de-dlq",
    "AWS_ROLE_ARN": "arn:aws:iam::1:role/rp", "AWS_WEB_IDENTITY_TOKEN_FILE": "/token",
    "BUILD_NUMBER": "1_0_0",
  ]

  /// What both charts set to something else.
  private static let apart = [
    "DATABASE_ENDPOINT", "DATABASE_NAME", "DATABASE_USERNAME", "DATABASE_PASSWORD", "PRODUCT_ID",
  ]

  /// Both charts together, each with its prefix before what they set to something else.
  private static let both = [
    ("NON_ASSOCIATIONS", nonAssociations), ("RESTRICTED_PATIENTS", restrictedPatients),
  ].reduce(into: [String: String]()) { all, chart in
    for (name, value) in chart.1 where !name.hasPrefix("SPRING_FLYWAY") {
      all[apart.contains(name) ? "\(chart.0)_\(name)" : name] = value
    }
  }

  private static func read(_ environment: [String: String]) -> (hosted: [String], problems: [String]) {
    var reader = SettingsReader(environment: environment, profile: .standard)
    do {
      return (try Configuration.read(&reader).modules.map(\.name), [])
    } catch {
      return ([], error.problems)
    }
  }

  @Test(
    "AD-1, AD-2, AD-4: exactly a chart's variables host its module, both charts' host both, without a warning",
    arguments: [
      (nonAssociations, ["non-associations"]), (restrictedPatients, ["restricted-patients"]),
      (both, ["non-associations", "restricted-patients"]),
    ]
  )
  func charts(environment: [String: String], hosted: [String]) {
    let (found, problems) = Self.read(environment)
    #expect(found == hosted)
    #expect(problems == [])
    let reader = SettingsReader(environment: environment, profile: .standard)
    #expect(reader.unknownNames() == [])
    #expect(reader.ineffectiveSettings().map(\.name) == [])
  }

  @Test("each module takes the name of another service that its service read, where both are set")
  func ownNames() throws {
    var environment = Self.both
    environment["OAUTH_ENDPOINT_URL"] = "https://other.example/auth"
    environment["PRISONER_SEARCH_API_ENDPOINT_URL"] = "https://other.example"
    var reader = SettingsReader(environment: environment, profile: .standard)
    let modules = try Configuration.read(&reader).modules
    #expect(modules.map { "\($0.auth)" } == ["https://sign-in.example/auth", "https://other.example/auth"])
    #expect(
      modules.map { $0.upstreams["prisonerSearch"].map { "\($0)" } } == [
        "https://search.example", "https://other.example",
      ]
    )
  }

  @Test("a chart's variables and those of its job run the job")
  func batch() throws {
    let job = ["BATCH_ENABLED": "true", "BATCH_TYPE": "PAST_DATE_CHECK"]
    var reader = SettingsReader(
      environment: Self.restrictedPatients.merging(job) { $1 },
      profile: .standard
    )
    #expect(try Configuration.read(&reader).batch?.name == "past-date-check")
  }

  @Test("GATEWAY_MODULES has the last word; a name that is none, and one without settings, are refused")
  func named() {
    #expect(Self.read(Self.both.merging(["GATEWAY_MODULES": "restricted-patients"]) { $1 }).hosted.count == 1)
    let unknown = Self.read(Self.both.merging(["GATEWAY_MODULES": "non-associations,else"]) { $1 })
    #expect(unknown.problems.count == 1 && unknown.problems[0].contains("there is no module 'else'"))
    let missing = Self.read(Self.nonAssociations.merging(["GATEWAY_MODULES": "restricted-patients"]) { $1 })
    #expect(missing.problems.contains { $0.hasPrefix("RESTRICTED_PATIENTS_API_CLIENT_ID is not set") })
    #expect(!missing.problems.contains { $0.contains("is hosted because") })
  }

  @Test("AD-7: one variable of a second module asks for it; what is missing is named, and that variable")
  func half() {
    let problems = Self.read(
      Self.nonAssociations.merging(["PRISON_API_ENDPOINT_URL": "https://prison-api.example"]) { $1 }
    ).problems
    for name in ["RESTRICTED_PATIENTS_API_CLIENT_ID", "HMPPS_SQS_QUEUES_OFFENDEREVENTS_QUEUE_NAME"] {
      #expect(problems.contains { $0.hasPrefix("\(name) is not set") }, "\(name)")
    }
    #expect(
      problems.contains {
        $0.contains("restricted-patients is hosted because PRISON_API_ENDPOINT_URL is set")
      }
    )
  }

  @Test(
    "what both modules have asks for neither",
    arguments: [
      "SPRINGDOC_API-DOCS_ENABLED", "BATCH_ENABLED", "DATABASE_URL", "HMPPS_SQS_PROVIDER",
      "APPLICATIONINSIGHTS_CONNECTION_STRING",
    ]
  )
  func asksForNone(name: String) {
    var reader = SettingsReader(environment: [name: "false"], profile: .standard)
    #expect(ModuleSelection(modules: Modules.all).read(&reader).isEmpty)
    #expect(reader.problems.contains { $0.hasPrefix("GATEWAY_MODULES is not set") })
    #expect(reader.problems.contains { $0.contains("NON_ASSOCIATIONS_API_CLIENT_ID") })
    #expect(reader.problems.contains { $0.contains("RESTRICTED_PATIENTS_API_CLIENT_ID") })
  }

  @Test(
    "AD-5, AD-8: a name that both would read is refused with the two to use instead",
    arguments: [
      ("DATABASE_ENDPOINT", "DATABASE_ENDPOINT"), ("DATABASE_NAME", "DATABASE_NAME"),
      ("DATABASE_USERNAME", "DATABASE_USERNAME"), ("DATABASE_PASSWORD", "DATABASE_PASSWORD"),
      ("PRODUCT_ID", "PRODUCT_ID"),
      ("HMPPS_SQS_DEFAULTERRORVISIBILITYTIMEOUT", "ERROR_VISIBILITY_TIMEOUT"),
      ("HMPPS_SQS_QUEUEADMINROLE", "QUEUE_ADMIN_ROLE"), ("HMPPS_SQS_PROTECTRETRYALL", "PROTECT_RETRY_ALL"),
      ("SPRING_FLYWAY_USER", "DATABASE_MIGRATION_USERNAME"),
      ("SPRING_FLYWAY_PASSWORD", "DATABASE_MIGRATION_PASSWORD"),
    ]
  )
  func oneAlias(name: String, own: String) {
    var environment = Self.both
    for prefix in ["NON_ASSOCIATIONS", "RESTRICTED_PATIENTS"] where !name.hasPrefix("SPRING") {
      environment["\(prefix)_\(own)"] = nil
    }
    environment[name] = name.hasSuffix("TIMEOUT") ? "1" : "x"
    let problems = Self.read(environment).problems
    let problem = problems.first { $0.hasPrefix("\(name) would be read by non-associations and") }
    #expect(problem?.contains("NON_ASSOCIATIONS_\(own)") == true, "\(problems)")
    #expect(problem?.contains("RESTRICTED_PATIENTS_\(own)") == true)
  }

  @Test(
    "AD-8: who may look after the queues of a module hosted alone is read under the replaced service's names",
    arguments: [
      (["HMPPS_SQS_QUEUEADMINROLE": "ROLE_X"], "ROLE_X", true),
      (
        ["NON_ASSOCIATIONS_QUEUE_ADMIN_ROLE": "ROLE_Y", "HMPPS_SQS_QUEUEADMINROLE": "ROLE_X"], "ROLE_Y", true
      ),
      (["HMPPS_SQS_PROTECTRETRYALL": "true"], "ROLE_NON_ASSOCIATIONS_API_QUEUE_ADMIN", false),
      // Its presence protected, whatever it said.
      (["HMPPS_SQS_PROTECTRETRYALL": "false"], "ROLE_NON_ASSOCIATIONS_API_QUEUE_ADMIN", false),
      (["NON_ASSOCIATIONS_PROTECT_RETRY_ALL": "false"], "ROLE_NON_ASSOCIATIONS_API_QUEUE_ADMIN", true),
      (["NON_ASSOCIATIONS_PROTECT_RETRY_ALL": "true"], "ROLE_NON_ASSOCIATIONS_API_QUEUE_ADMIN", false),
      ([:], "ROLE_NON_ASSOCIATIONS_API_QUEUE_ADMIN", true),
    ] as [([String: String], String, Bool)]
  )
  func queueAdmin(settings: [String: String], role: String, isOpen: Bool) throws {
    let environment = Self.nonAssociations.merging(settings) { $1 }
    var reader = SettingsReader(environment: environment, profile: .standard)
    let service = try #require(try Configuration.read(&reader).messaging.services.first)
    #expect(service.adminRole == role)
    #expect(service.isRetryAllOpen == isOpen)
    #expect(reader.unknownNames() == [])
  }

  @Test("AD-6: settings of two modules that name one database are refused, unless an operator says so")
  func oneDatabase() {
    var environment = Self.both
    environment["RESTRICTED_PATIENTS_DATABASE_URL"] = "postgresql://other:x@NA.example/na"
    let problems = Self.read(environment).problems
    #expect(problems.count == 1, "\(problems)")
    #expect(problems.first?.contains("name one database, na.example:5432/na") == true, "\(problems)")
    environment["GATEWAY_SHARED_DATABASE"] = "true"
    #expect(Self.read(environment).problems == [])
    environment["DATABASE_URL"] = "postgresql://other:x@one.example/one"
    for prefix in ["NON_ASSOCIATIONS", "RESTRICTED_PATIENTS"] { environment["\(prefix)_DATABASE_URL"] = nil }
    #expect(Self.read(environment).problems == [])
    environment["GATEWAY_SHARED_DATABASE"] = nil
    #expect(Self.read(environment).problems.first?.hasPrefix("DATABASE_URL would be read by") == true)
  }

  @Test("the all-in-one profile hosts every module, unless it is told which")
  func allInOne() {
    var reader = SettingsReader(environment: [:], profile: .allInOne)
    #expect(ModuleSelection(modules: Modules.all).read(&reader).count == Modules.all.count)
    var one = SettingsReader(environment: ["GATEWAY_MODULES": "non-associations"], profile: .allInOne)
    #expect(ModuleSelection(modules: Modules.all).read(&one).map(\.manifest.name) == ["non-associations"])
  }
}
