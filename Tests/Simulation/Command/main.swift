import ArgumentParser
import Simulation

/// `swift run -c release simulate --seeds 1000`, or `--seed 4711` for one of them with its transcript.
struct Simulate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "simulate",
    abstract: "Runs the gateway's machines through seeded trouble, and says what is not as it should be."
  )

  @Option(help: "How many seeds to run.") var seeds: UInt64?
  @Option(help: "The first seed; alone, it is run with its transcript.") var seed: UInt64 = 1
  @Option(
    help:
      "A fault to plant, to see that it is found: \(PlantedFault.allCases.map(\.rawValue).joined(separator: ", "))."
  )
  var plant: String?

  func run() throws {
    let planted = try plant.map { name in
      guard let planted = PlantedFault.allCases.first(where: { $0.rawValue == name }) else {
        throw ValidationError("there is no fault \(name)")
      }
      return planted
    }
    guard let seeds else { return try show(World.run(seed: seed, plant: planted, isRecorded: true), planted) }
    let clock = ContinuousClock()
    let begin = clock.now
    var (steps, simulated) = (0, Duration.zero)
    for number in seed..<seed + seeds {
      let verdict = World.run(seed: number, plant: planted)
      (steps, simulated) = (steps + verdict.steps, simulated + verdict.duration)
      guard verdict.violation != nil else { continue }
      print("after \(number - seed + 1) seeds and \(clock.now - begin):")
      return try show(World.run(seed: number, plant: planted, isRecorded: true), planted)
    }
    print("\(seeds) seeds, \(steps) steps, \(simulated) simulated in \(clock.now - begin): nothing wrong")
  }

  private func show(_ verdict: World.Verdict, _ planted: PlantedFault?) throws {
    for line in verdict.transcript { print(line) }
    print("seed \(verdict.seed), \(verdict.steps) steps: \(verdict.violation ?? "nothing wrong")")
    guard verdict.violation != nil else { return }
    print("replay: \(World.replay(seed: verdict.seed, plant: planted))")
    throw ExitCode.failure
  }
}

Simulate.main()
