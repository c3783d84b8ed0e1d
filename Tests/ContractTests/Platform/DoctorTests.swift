import EventLoops
import Foundation
import HTTPTransport
import Logging
import ModuleKit
import ServerTestKit
import Subprocess
import Testing
import Time

@testable import Gateway

/// What `gateway doctor` says of a gateway that is well, and of what can be wrong with one.
@Suite("Doctor")
struct DoctorTests {
  private func examine(
    _ gateway: RunningGateway,
    _ change: (inout Configuration) -> Void = { _ in }
  ) async throws -> [Finding] {
    var configuration = gateway.configuration
    change(&configuration)
    let doctor = Doctor(
      configuration: configuration,
      group: try World.group.get(),
      clock: SystemClock(),
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    )
    return await doctor.examine()
  }

  private func text(_ findings: [Finding]) -> String { findings.map(\.line).joined(separator: "\n") }

  private func with(_ body: (RunningGateway) async throws -> Void) async throws {
    try await withGateway { gateway async throws in
      gateway.prisonAPI.stub("GET /api/agencies/type/INST", 200, "[]")
      gateway.prisonAPI.stub("GET /health/ping", 200, #"{"status":"UP"}"#)
      try await body(gateway)
    }
  }

  @Test("A gateway that is well gets a line for everything, and no complaint")
  func well() async throws {
    try await with { gateway async throws in
      let findings = try await examine(gateway)
      #expect(findings.level == .ok, "\(text(findings))")
      for area in ["database", "migrations", "upstreams", "topics", "queues", "ports"] {
        #expect(findings.contains { $0.area == area }, "\(area)")
      }
      let json = try JSON(parsing: findings.json)
      #expect(json["status"] == "ok")
    }
  }

  @Test(
    "Of an all-in-one profile whose doubles' file holds something else it names the file, and says what to do"
  )
  func corruptRecords() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "doctor-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appending(path: "prisons.json")
    try Data(#"{"version":1,"go"#.utf8).write(to: file)
    let environment = [
      "GATEWAY_LOCAL_DATA": folder.path, "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "",
    ]
    let doctor = try Program(["doctor", "--profile", "all-in-one"], environment)
    #expect(try await doctor.ending() == .exited(1), "\(doctor.text)")
    #expect(
      doctor.text.contains("\(file.path), which holds what the doubles know of prisoners, cannot be read: ")
    )
    #expect(doctor.text.contains("put it right, or remove it: the doubles then start with the samples"))
    #expect(!doctor.text.contains("to a folder that can be written to"))
  }

  @Test("HMPPS Auth down, and upstreams that refuse, fail with what to do")
  func upstreams() async throws {
    try await with { gateway async throws in
      gateway.prisonAPI.stub("GET /api/agencies/type/INST", 403, "{}")
      let refused = try await examine(gateway)
      #expect(
        text(refused).contains("prison API refuses the tokens of patients with 403"),
        "\(text(refused))"
      )
      gateway.auth.isDown = true
      let down = try await examine(gateway)
      #expect(down.level == .fail)
      #expect(text(down).contains("no keys: no caller's token can be checked"), "\(text(down))")
      #expect(text(down).contains("no token for the client client"))
      #expect(down.filter { $0.level == .fail }.allSatisfy { $0.advice != nil })
    }
  }

  @Test(
    "A database that is not there fails; an empty one has migrations to apply, and queues still to be made"
  )
  func databases() async throws {
    try await with { gateway async throws in
      let gone = try await examine(gateway) {
        $0.restrictedPatients.database.connectionString = "postgresql://nobody@127.0.0.1:1/nothing"
      }
      #expect(text(gone).contains("fail  database       restricted-patients:"), "\(text(gone))")
      #expect(text(gone).contains("Connection refused"), "\(text(gone))")
      #expect(!text(gone).contains("migrations"))
      let unknown = try await examine(gateway) {
        $0.nonAssociations.database.connectionString += "_that_is_not_there"
      }
      #expect(text(unknown).contains("_that_is_not_there\" does not exist"), "\(text(unknown))")
      #expect(unknown.filter { $0.area == "queues" || $0.area == "topics" }.count == 1, "\(text(unknown))")
      let name = "doctor_\(UInt64.random(in: 0 ... .max))"
      _ = try await Psql.run("create database \(name)", url: try Psql.serverURL)
      let empty = TestDatabase(url: try Psql.url(database: name))
      let findings = try await examine(gateway) {
        $0.nonAssociations.database.connectionString = empty.url
        $0.restrictedPatients.database.connectionString = empty.url
      }
      World.drop(empty)
      #expect(findings.contains { $0.area == "migrations" && $0.level == .warn }, "\(text(findings))")
    }
  }

  @Test("Dead letters are a warning that names the calls to make")
  func deadLetters() async throws {
    try await with { gateway async throws in
      let queue = gateway.configuration.nonAssociations.messaging.queues[0].deadLetterQueue
      _ = try await Psql.run(
        "insert into gateway_queue_message (queue, body, attributes) values ('\(queue)', '{}', '{}')",
        url: gateway.database.url
      )
      let findings = try await examine(gateway)
      #expect(findings.level == .warn)
      let finding = try #require(findings.first { $0.level == .warn })
      #expect(finding.text.contains("1 dead letter"))
      #expect(finding.advice?.contains("PUT /queue-admin/retry-dlq/\(queue)") == true)
    }
  }

  @Test("A port that is taken is told, and files of certificates that are none")
  func portsAndFiles() async throws {
    try await with { gateway async throws in
      let findings = try await examine(gateway) {
        $0.server.port = gateway.port
        $0.upstreams.trustedCertificatesFile = "/nowhere.pem"
        $0.server.tlsFiles = (certificate: "/nowhere.pem", privateKey: "/nowhere.key")
      }
      #expect(
        text(findings).contains("127.0.0.1:\(gateway.port) cannot be used for the API"),
        "\(text(findings))"
      )
      #expect(findings.filter { $0.area == "certificates" && $0.level == .fail }.count == 2)
    }
  }

  @Test(
    "Settings that are missing are named once each, with one word of what to do, and nothing else is tried"
  )
  func settings() async throws {
    let findings = try await Doctor.examine(
      SettingsReader(environment: ["SERVER_PROT": "1"], profile: .standard)
    )
    #expect(findings.level == .fail && findings.allSatisfy { $0.area == "configuration" })
    #expect(text(findings).contains("API_BASE_URL_OAUTH is not set"))
    #expect(!text(findings).contains("the queue name is empty"), "\(text(findings))")
    #expect(text(findings).contains("SERVER_PROT is set, but nothing reads it"))
  }
}
