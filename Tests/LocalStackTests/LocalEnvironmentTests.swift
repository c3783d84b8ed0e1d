import Doubles
import EventLoops
import Foundation
import HTTPTransport
import HTTPTypes
import TestKit
import Testing
import Time

@testable import LocalStack

@Suite("Local environment")
struct LocalEnvironmentTests {
  @Test(
    "It starts, tells where things are with calls that work, stops without a trace, and lets go of its folder"
  )
  func life() async throws {
    let folder = try TemporaryFolder()
    var configuration = LocalEnvironment.Configuration()
    configuration.dataFolder = folder.path
    configuration.authPort = 0
    configuration.prisonerSearchPort = 0
    let environment = try await LocalEnvironment.start(
      configuration,
      group: try Loops.shared.get(),
      logger: Cluster.quiet,
      clock: SystemClock()
    )
    #expect(try await Calls.get(environment.authURL + "/health/ping").status == .ok)
    #expect(try await Calls.get(environment.prisonerSearchURL + "/health/ping").status == .ok)
    let banner = environment.banner(serverURL: "http://127.0.0.1:8080", program: "/here/gateway")
    for part in [
      environment.authURL, environment.prisonerSearchURL, folder.path, "NOT for production", "Control-C",
    ] {
      #expect(banner.contains(part))
    }
    let token = try await ChildProcess.run(
      .init(program: "/bin/sh", arguments: ["-c", try tokenCommand(in: banner) + "\necho \"$TOKEN\""])
    )
    #expect(token.output.split(separator: ".").count == 3, "\(token.output)")
    let cluster = environment.postgres.folder
    await environment.stop()
    #expect(LeftOverServer(data: cluster + "/data").processes().isEmpty)
    await #expect(throws: (any Error).self) {
      _ = try await Calls.get(environment.authURL + "/health/ping", within: .seconds(2))
    }
    _ = try DataFolder(folder.path)
  }

  /// The lines of the banner that set `TOKEN`.
  private func tokenCommand(in banner: String) throws -> String {
    let lines = banner.split(separator: "\n")
    let start = try #require(lines.firstIndex { $0.contains("TOKEN=$(") })
    let end = try #require(lines[start...].firstIndex { !$0.hasSuffix("\\") })
    return lines[start...end].joined(separator: "\n")
  }

  @Test("Sample non-associations name sample prisoners, with at most one open row for a pair")
  func samples() {
    let numbers = Set(SamplePrisoner.all.map(\.prisonerNumber))
    var open: Set<Set<String>> = []
    for sample in SampleNonAssociation.all {
      let pair: Set = [sample.first.number, sample.second.number]
      #expect(pair.count == 2 && pair.isSubset(of: numbers))
      if sample.closure == nil { #expect(open.insert(pair).inserted) }
    }
    #expect(!open.contains([SampleNonAssociation.freePair.0, SampleNonAssociation.freePair.1]))
    #expect(SampleNonAssociation.all.contains { $0.closure != nil })
  }
}
