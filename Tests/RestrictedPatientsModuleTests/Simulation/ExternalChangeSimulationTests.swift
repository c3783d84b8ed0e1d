import Testing

@testable import RestrictedPatientsModule

@Suite("External changes while everything goes wrong")
struct ExternalChangeSimulationTests {
  /// Told in which seed, and what has happened, where it fails.
  private static func expectSound(_ seed: UInt64) -> [ExternalChange.State: Int] {
    let world = ExternalChangeWorld(seed: seed)
    if let failure = world.live() {
      let told = ExternalChangeWorld(seed: seed, isTold: true)
      _ = told.live()
      Issue.record("seed \(seed): \(failure)\n\(told.transcript.joined(separator: "\n"))")
    }
    return world.ends
  }

  @Test("are told at most once without being asked about, and leave nothing that nobody can see")
  func sound() {
    var ends: [ExternalChange.State: Int] = [:]
    for seed in 1...300 as ClosedRange<UInt64> { ends.merge(Self.expectSound(seed), uniquingKeysWith: +) }
    // Each end is come to, or the runs show little.
    for state in ExternalChange.State.allCases where state != .intended && state != .told {
      #expect(ends[state, default: 0] > 0, "\(state)")
    }
  }
}
