import EventLoops
import Synchronization
import TestKit
import Testing
import Time

@testable import ServiceKit

@Suite("Metrics")
struct MetricsTests {
  struct Colour: MetricLabels {
    static let names = ["colour"]
    let colour: String
    var values: [String] { [colour] }
  }

  private func lines(_ registry: MetricsRegistry) async -> [String] {
    String(decoding: await registry.exposition(), as: UTF8.self).split(separator: "\n").map(String.init)
  }

  @Test("A histogram counts each duration in all buckets that are not below it, and sums in seconds")
  func histogram() async {
    let registry = MetricsRegistry(loops: 2)
    let durations = registry.durations(
      name: "work_seconds",
      help: "Work.",
      labels: Colour.self,
      boundaries: [0.1, 1]
    )
    for milliseconds in [100, 101, 1000, 5000] {
      durations.record(.milliseconds(milliseconds), Colour(colour: "red"))
    }
    let lines = await lines(registry)
    #expect(
      lines.prefix(7) == [
        "# HELP work_seconds Work.", "# TYPE work_seconds histogram",
        #"work_seconds_bucket{colour="red",le="0.1"} 1"#, #"work_seconds_bucket{colour="red",le="1"} 3"#,
        #"work_seconds_bucket{colour="red",le="+Inf"} 4"#, #"work_seconds_sum{colour="red"} 6.201"#,
        #"work_seconds_count{colour="red"} 4"#,
      ]
    )
  }

  @Test("What all threads count together is neither lost nor counted twice")
  func concurrent() async throws {
    let registry = MetricsRegistry(loops: 2)
    let counter = registry.counter(name: "c_total", help: "C.", labels: Colour.self)
    let group = try EventLoopGroup(count: 2)
    defer { group.shutdown() }
    await withTaskGroup(of: Void.self) { tasks in
      for worker in 0..<8 {
        let loop = worker < 6 ? group.loops[worker % 2] : nil
        tasks.addTask(executorPreference: loop) {
          for _ in 0..<5000 { counter.add(1, Colour(colour: worker % 2 == 0 ? "red" : "blue")) }
        }
      }
    }
    let lines = await lines(registry)
    #expect(lines.contains(#"c_total{colour="red"} 20000"#))
    #expect(lines.contains(#"c_total{colour="blue"} 20000"#))
  }

  @Test("Beyond the greatest number of series nothing new is kept, and what is lost is counted")
  func cap() async {
    let registry = MetricsRegistry(loops: 1, maximumSeries: 2)
    let counter = registry.counter(name: "c_total", help: "C.", labels: Colour.self)
    for colour in ["red", "green", "blue", "red", "violet"] { counter.add(1, Colour(colour: colour)) }
    let lines = await lines(registry)
    #expect(lines.contains(#"c_total{colour="red"} 2"#))
    #expect(!lines.contains { $0.contains("blue") || $0.contains("violet") })
    #expect(lines.contains(#"gateway_metrics_dropped_observations_total{metric="c_total"} 2"#))
  }

  @Test("Readers of one name are one family; a value that is not there gives no sample; texts are escaped")
  func readers() async {
    let registry = MetricsRegistry(loops: 1)
    registry.gauge(name: "depth", help: "Depth\nof \\ it.", labels: [("queue", "a\"b\\c\nd")]) { 1.5 }
    registry.gauge(name: "depth", help: "Other.", labels: [("queue", "e")]) { nil }
    registry.gauge(name: "depth", help: "Other.", labels: [("queue", "f")]) { .infinity }
    #expect(
      await lines(registry).prefix(4) == [
        #"# HELP depth Depth\nof \\ it."#, "# TYPE depth gauge", #"depth{queue="a\"b\\c\nd"} 1.5"#,
        #"depth{queue="f"} +Inf"#,
      ]
    )
  }

  @Test("What hangs in the background holds up neither a scrape nor another reading; its age is told")
  func background() async throws {
    let registry = MetricsRegistry(loops: 1)
    let group = try EventLoopGroup(count: 1)
    let hanging = registry.background("hanging", labels: [("of", "x")], on: group.loops[0]) { _ in
      try await Task.sleep(for: .seconds(3600))
      return 1.0
    }
    let failing = registry.background("failing", on: group.loops[0]) { (_) throws -> Double in
      throw CancellationError()
    }
    let good = registry.background("good", on: group.loops[0]) { _ in 2.0 }
    for (name, reading) in [("hanging", hanging), ("failing", failing), ("good", good)] {
      registry.gauge(name: "value_of_\(name)", help: "V.") { reading.value() }
    }
    while good.value() == nil { await Task.yield() }
    let lines = await lines(registry)
    #expect(lines.contains("value_of_good 2"))
    #expect(!lines.contains { $0.hasPrefix("value_of_hanging ") || $0.hasPrefix("value_of_failing ") })
    #expect(lines.count { $0.hasPrefix("gateway_metrics_reading_age_seconds{") } == 3)
    #expect(
      lines.contains { $0.hasPrefix(#"gateway_metrics_reading_age_seconds{reading="hanging",of="x"} "#) }
    )
    // Ends what hangs.
    await registry.stop()
    group.shutdown()
  }

  @Test("A value is left out once it is too old, and its age goes on")
  func age() async {
    let clock = ManualClock()
    let reading = BackgroundReading(maximumAge: .seconds(30), clock: clock) { _ in 5 }
    #expect(reading.value() == nil)
    clock.advance(by: .seconds(40))
    #expect(reading.age() == .seconds(40))
    await reading.read()
    clock.advance(by: .seconds(29))
    #expect(reading.value() == 5)
    clock.advance(by: .seconds(2))
    #expect(reading.value() == nil)
    #expect(reading.age() == .seconds(31))
  }

  @Test("Readings begin at once and come again each interval by the clock given, after a failure too")
  func readings() async throws {
    let clock = ManualClock()
    let taken = Mutex(0)
    let reading = BackgroundReading(interval: .seconds(10), clock: clock) { _ in
      let number = taken.withLock { taken in
        taken += 1
        return taken
      }
      if number == 2 { throw CancellationError() }
      return number
    }
    let running = Task { await reading.run() }
    for (count, latest) in [(1, 1), (2, 1), (3, 3)] {
      try await eventually("a reading has ended") { taken.withLock { $0 } == count && clock.timers == 1 }
      #expect(reading.value() == latest)
      clock.advance(by: .seconds(9))
      #expect(taken.withLock { $0 } == count)
      clock.advance(by: .seconds(1))
    }
    try await eventually("the fourth has ended") { taken.withLock { $0 } == 4 && clock.timers == 1 }
    running.cancel()
    await running.value
    #expect(clock.timers == 0)
  }
}
