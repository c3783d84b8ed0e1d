import EventLoops
import Logging
import ModuleKit
import ServiceKit
import SharedAuth
import TestKit
import Testing
import Time

@testable import Gateway

/// One module of a running gateway, held to the claims that hold for all of them. What is looked for comes from its
/// manifest alone.
struct ModuleConformance {
  let manifest: ModuleManifest
  /// A host at which it answers alone.
  let host: String
  /// A path of its own that a reader may read.
  let path: String
  /// All that the gateway hosts.
  let modules: [ModuleManifest]
  let gateway: RunningGateway

  private static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  func check(_ claim: ModuleClaim) async throws {
    switch claim {
    case .health: try await health()
    case .information: try await information()
    case .documents: try await documents()
    case .mounting: try await mounting()
    case .subjectAccess: try await subjectAccess()
    case .queueAdmin: try await queueAdmin()
    case .metrics: try await metrics()
    case .settings: settings()
    case .schema: try await schema()
    case .doctor: try await doctor()
    case .jobs: try await jobs()
    case .alone: alone()
    }
  }

  private func configuration() throws -> ModuleConfiguration {
    try #require(gateway.configuration.modules.first { $0.name == manifest.name })
  }

  private func own(_ path: String, token: String? = nil) async throws -> Answer {
    try await gateway.send("GET", path, token: token, headers: [("Host", host)])
  }

  // MARK: Where it answers

  private func health() async throws {
    let queues = manifest.hears.map(\.id) + (manifest.audits.map { [$0.id] } ?? [])
    let expected =
      manifest.health.map { component in
        switch component {
        case .database: "db"
        case .auth(let name), .upstream(_, let name): name
        }
      } + ([manifest.publishes.id] + queues).map { "\($0)-health" }
    let own = try await own("/health").json["components"]
    let union = try await gateway.get("/health").json["components"]?[manifest.key]?["components"]
    for component in expected {
      #expect(own?[component]?["status"] == "UP", "\(manifest.name) \(component): \(String(describing: own))")
      #expect(union?[component]?["status"] == "UP", "\(manifest.name) \(component) in the union")
    }
  }

  private func information() async throws {
    #expect(try await own("/info").json["build"]?["name"] == .text(manifest.service.app))
    let union = try await gateway.get("/info").json
    #expect(try union["services"]?[manifest.key]?["productId"] == .text(configuration().productID))
  }

  private func documents() async throws {
    let document = try await own("/v3/api-docs").json
    #expect(document["info"]?["title"] == .text(manifest.service.title))
    let union = try await gateway.get("/v3/api-docs").json
    for paths in [document, union].map({ $0["paths"] }) { #expect(paths?[path] != nil) }
  }

  private func mounting() async throws {
    let token = try gateway.reader()
    let answers = [
      try await own(path, token: token), try await gateway.get(path, token: token),
      try await gateway.get("/\(manifest.basePath)\(path)", token: token),
    ]
    for answer in answers {
      #expect(answer.status == 200, "\(manifest.name): \(answer.text)")
      #expect(answer.text == answers[0].text)
    }
    #expect(try await own(path).status == 401)
  }

  private func subjectAccess() async throws {
    let asker = try gateway.token(roles: ["SAR_DATA_ACCESS"])
    let path = "/subject-access-request?prn=Z9999ZZ"
    let answer = try await own(path, token: asker)
    #expect([204, 209].contains(answer.status), "\(manifest.name): \(answer.status)")
    #expect(try await own(path, token: gateway.reader()).status == 403)
  }

  // MARK: How it is looked after

  private func queueAdmin() async throws {
    let messaging = try configuration().messaging
    let role = String(messaging.adminRole.trimmingPrefix("ROLE_"))
    let keeper = try gateway.token(roles: [role])
    for queue in messaging.queues {
      let path = "/queue-admin/get-dlq-messages/\(queue.deadLetterQueue)"
      #expect(try await own(path, token: keeper).status == 200)
      #expect(try await gateway.get(path, token: keeper).status == 200)
      #expect(try await own(path, token: gateway.reader()).status != 200)
    }
  }

  private func metrics() async throws {
    let wanted =
      [#"module="\#(manifest.name)""#, #"db_client_connection_pool_name="\#(manifest.name)/reads""#]
      + manifest.hears.map { #"module="\#(manifest.name)",queue="\#($0.id)""# }
    for text in wanted {
      try await eventually("the metrics have \(text)") {
        try await gateway.get("/metrics").text.contains(text)
      }
    }
  }

  private func settings() {
    let reader = SettingsReader(environment: gateway.environment, profile: .standard)
    let report = ConfigurationReport(reader: reader, settings: SettingsCatalog.all(of: modules)).description
    for setting in manifest.allSettings { #expect(report.contains("\(setting.name) "), "\(setting.name)") }
    let prefix = manifest.settings.prefix + "_"
    for other in modules where other.name != manifest.name {
      #expect(!other.allSettings.contains { $0.name.hasPrefix(prefix) }, "\(other.name)")
    }
  }

  private func schema() async throws {
    let database = try #require(gateway.application.databases[manifest.name])
    let migrations = DatabaseMigrations([(manifest, database)], logger: Self.quiet)
    #expect(try await migrations.outlook() == DatabaseMigrations.Outlook())
    #expect(try await migrations.apply() == [])
    let module = "module = '\(manifest.name)'"
    let applied = try await gateway.database.row(
      "select count(*) from gateway_schema_history where \(module)"
    )
    #expect(Int(applied) == manifest.schema.migrations.count)
  }

  private func doctor() async throws {
    let configuration = try configuration()
    let doctor = Doctor(
      configuration: gateway.configuration,
      group: try World.group.get(),
      clock: SystemClock(),
      logger: Self.quiet
    )
    let lines = await doctor.examine().map(\.line)
    let wanted =
      ["\(manifest.name): PostgreSQL", "HMPPS Auth gives the client \(configuration.clientID) tokens"]
      + configuration.messaging.queues.map { "\($0.id): \($0.deadLetterQueue)" }
    for words in wanted { #expect(lines.contains { $0.contains(words) }, "\(words): \(lines)") }
  }

  private func jobs() async throws {
    let composed = gateway.application.composition.modules.first { $0.name == manifest.name }
    #expect(composed?.instance.jobs.map(\.name) == manifest.jobs.map(\.name))
    for job in manifest.jobs {
      let run = BatchRun(job: job.name, clock: SystemClock(), logger: Self.quiet)
      #expect(try await run.status(gateway.configuration, group: try World.group.get()) == 0, "\(job.name)")
    }
  }

  private func alone() {
    let selection = ModuleSelection(modules: modules)
    for setting in manifest.allSettings where setting.name.hasPrefix(manifest.settings.prefix + "_") {
      let asking = modules.filter {
        selection.variable(askingFor: $0, in: [setting.name: "x"]) == setting.name
      }
      #expect(asking.map(\.name) == [manifest.name], "\(setting.name)")
    }
  }
}
