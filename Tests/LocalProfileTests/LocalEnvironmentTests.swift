import EventLoops
import Foundation
import HTTPTransport
import HTTPTypes
import Testing
import Time

@testable import LocalProfile

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
      group: Doubles.group,
      logger: Cluster.quiet,
      clock: SystemClock()
    )
    #expect(try await Doubles.send(.get, environment.authURL + "/health/ping").status == .ok)
    #expect(try await Doubles.send(.get, environment.prisonerSearchURL + "/health/ping").status == .ok)
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
      _ = try await Doubles.send(.get, environment.authURL + "/health/ping", within: .seconds(2))
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

  @Test("A port that is taken is not shared and not a reason to fail: another is used")
  func takenPort() async throws {
    let first = try await DoubleServer.start(port: 0, group: Doubles.group, logger: Cluster.quiet) { _ in
      .ping
    }
    let taken = first.address.port
    let second = try await DoubleServer.start(port: taken, group: Doubles.group, logger: Cluster.quiet) { _ in
      .ping
    }
    #expect(second.address.port != taken)
    for double in [first, second] { await double.server.shutdown(within: .zero) }
    let third = try await DoubleServer.start(port: taken, group: Doubles.group, logger: Cluster.quiet) { _ in
      .ping
    }
    #expect(third.address.port == taken)
    await third.server.shutdown(within: .zero)
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
