import ModuleKit
import ServerTestKit
import Testing

@testable import Gateway

/// docs/decisions/0011-module-manifests.md: a further module is its folder and a line.
@Suite("What every module has around it")
struct ModuleConformanceTests {
  private static let modules = Modules.all + [EmptyModule.manifest]

  /// The modules, each with a host of its own and a path that a reader may read.
  private static let subjects = [
    ("non-associations", "associations.test", "/constants"),
    ("restricted-patients", "patients.test", "/restricted-patients"),
    ("empty-cells", "cells.test", "/empty-cells"),
  ]

  @Test("Every module is a subject of these claims")
  func all() { #expect(Self.subjects.map(\.0) == Self.modules.map(\.name)) }

  @Test("All claims hold for both modules, and for a third that is empty", arguments: subjects)
  func claims(name: String, host: String, path: String) async throws {
    let manifest = try #require(Self.modules.first { $0.name == name })
    let settings = EmptyModule.environment.merging(["RESTRICTED_PATIENTS_API_DOCS_ENABLED": "true"]) { $1 }
    try await withGateway(settings: settings, modules: Self.modules) { (gateway) async throws in
      gateway.prisonAPI.stub("GET /health/ping", 200, #"{"status":"UP"}"#)
      gateway.prisonAPI.stubLists()
      let module = ModuleConformance(
        manifest: manifest,
        host: host,
        path: path,
        modules: Self.modules,
        gateway: gateway
      )
      for claim in ModuleClaim.allCases {
        do {
          try await module.check(claim)
        } catch {
          Issue.record(error, "\(name): \(claim.rawValue)")
        }
      }
    }
  }

  @Test("A third module is hosted alone by its own variables")
  func alone() throws {
    var reader = SettingsReader(
      environment: EmptyModule.environment.merging([
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing", "HMPPS_SQS_PROVIDER": "in-process",
        "API_BASE_URL_OAUTH": "http://127.0.0.1:1/auth",
      ]) { $1 },
      profile: .standard
    )
    #expect(try Configuration.read(&reader, of: Self.modules).modules.map(\.name) == ["empty-cells"])
  }
}
