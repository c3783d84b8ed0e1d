import ModuleKit
import Subprocess
import Testing

@testable import Gateway

/// docs/decisions/0015-one-program.md: the doubles of a laptop are in the program, and do not start in production.
@Suite("Which profiles a process may be started in")
struct PermittedProfilesTests {
  @Test(
    "Where production alone is permitted, or a value that nobody knows is set, all-in-one is refused in one line",
    arguments: ["production", "PRODUCTION", "x"],
    [["serve"], ["doctor"], ["config"]]
  )
  func refused(value: String, command: [String]) async throws {
    let program = try Program(command + ["--profile", "all-in-one"], ["GATEWAY_PROFILES": value])
    let ending = try await program.ending()
    #expect(ending != .exited(0))
    let lines = program.text.split(separator: "\n")
    #expect(lines.count == 1, "\(program.text)")
    #expect(
      lines.first?.contains("--profile all-in-one is refused, as GATEWAY_PROFILES is '\(value)'") == true
    )
  }

  @Test(
    "Where nothing is set, or any, all-in-one is permitted",
    arguments: [[:], ["GATEWAY_PROFILES": "any"]]
  )
  func permitted(environment: [String: String]) throws {
    try PermittedProfiles.check(SettingsReader(environment: environment, profile: .allInOne))
  }

  @Test("The environment of the image wins over a file that permits more")
  func file() {
    let reader = SettingsReader(
      environment: ["GATEWAY_PROFILES": "production"],
      file: ["GATEWAY_PROFILES": "any"],
      profile: .allInOne
    )
    #expect(throws: ProfileRefused.self) { try PermittedProfiles.check(reader) }
  }

  @Test("The standard profile is always permitted, and told of a value that nobody knows")
  func standard() throws {
    for (value, count) in [("production", 0), ("any", 0), ("x", 1)] {
      var reader = SettingsReader(environment: ["GATEWAY_PROFILES": value], profile: .standard)
      try PermittedProfiles.check(reader)
      _ = try? Configuration.read(&reader)
      #expect(reader.problems.count { $0.hasPrefix("GATEWAY_PROFILES: 'x' is not one of") } == count)
    }
  }
}
