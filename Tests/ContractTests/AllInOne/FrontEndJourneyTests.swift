import Foundation
import Subprocess
import Testing

@testable import Gateway

/// The journeys of both front ends (docs/contract/restricted-patients.md §13, docs/contract/non-associations.md §13), on the
/// program with nothing but its all-in-one profile, by what endpoints.env tells a front end.
@Suite("All-in-one: the front ends' journeys")
struct FrontEndJourneyTests {
  @Test(
    "Restricted patients: sign in, search, move to a hospital, view, change the prison, remove; so it is after a restart"
  )
  func patients() async throws {
    let folder = Self.newFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try await serving(folder) { endpoints async throws in
      try await play("patients", endpoints)
      let merge = try Program(["play", "merge", "B2345CD", "C3456DE", "--data", folder])
      #expect(try await merge.ending(within: .seconds(60)) == .exited(0), "\(merge.text)")
    }
    try await serving(folder) { try await play("afterwards", $0) }
  }

  @Test("Non-associations: sign in, list, search by pages, add, a duplicate, update, close")
  func nonAssociations() async throws {
    let folder = Self.newFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try await serving(folder) { try await play("non-associations", $0) }
  }

  private static func newFolder() -> String {
    FileManager.default.temporaryDirectory.appending(path: "front-ends-\(UUID())").path
  }

  private func play(_ journey: String, _ endpoints: String) async throws {
    let run = try await Python.run("front_end_journeys", [endpoints, journey])
    #expect(run.status == 0, "\(run.output)")
  }

  /// Runs the program on a data folder while `body` does something with its endpoints.env.
  private func serving(_ folder: String, _ body: (_ endpoints: String) async throws -> Void)
    async throws
  {
    let program = try Program(
      ["serve", "--profile", "all-in-one"],
      ["SERVER_PORT": "0", "SERVER_DRAIN_TIME": "0s", "GATEWAY_LOCAL_DATA": folder]
    )
    let result: Result<Void, any Error>
    do {
      try await program.says("The gateway is ready")
      result = .success(try await body(LocalEndpoints.path(in: folder)))
    } catch {
      result = .failure(error)
    }
    program.send(SIGTERM)
    #expect(try await program.ending(within: .seconds(60)) == .exited(0), "\(program.text)")
    try result.get()
  }
}
