import Simulation
import Testing

/// Relays and consumers, the real ones, in a world where everything goes wrong at the bidding of a seed.
@Suite("The simulated world") struct SimulationTests {
  @Test("300 seeds: nothing is lost, invented, doubled out of order or left behind", arguments: 0..<6)
  func seeds(part: UInt64) {
    for seed in part * 50 + 1...part * 50 + 50 {
      let verdict = World.run(seed: seed)
      if let violation = verdict.violation {
        Issue.record("seed \(seed), \(violation)\nreplay: \(World.replay(seed: seed))")
      }
    }
  }

  @Test("A run is the same each time: steps, end, and every line of its transcript") func replay() {
    for seed in [UInt64(7), 8] {
      let (first, second) = (World.run(seed: seed, isRecorded: true), World.run(seed: seed, isRecorded: true))
      #expect(first.transcript == second.transcript && !first.transcript.isEmpty)
      #expect(first.steps == second.steps && first.duration == second.duration)
      #expect(World.run(seed: seed).steps == first.steps, "without a transcript, too")
    }
  }

  @Test(
    "Each planted fault is found, at the same step when it is run again",
    arguments: PlantedFault.allCases
  )
  func planted(fault: PlantedFault) throws {
    let found = (1...UInt64(200)).lazy.map { World.run(seed: $0, plant: fault) }.first { $0.violation != nil }
    let verdict = try #require(found, "200 seeds do not find \(fault.rawValue)")
    let again = World.run(seed: verdict.seed, plant: fault, isRecorded: true)
    #expect(again.violation == verdict.violation)
    #expect(
      again.transcript.last?.contains("VIOLATION") == true
        || again.transcript.contains { $0.contains("VIOLATION") }
    )
  }
}
