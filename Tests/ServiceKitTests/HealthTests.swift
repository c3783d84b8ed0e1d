import EventLoops
import HTTPTransport
import HTTPTypes
import ServiceKit
import Synchronization
import TestKit
import Testing

@Suite("Health")
struct HealthTests {
  private let clock = ManualClock()

  private func answer(_ target: String, _ routes: [RouteDeclaration]) async throws -> Answer {
    let mount = try Mount(
      [Mount.Entry(try TestModule(routes: routes).responder, hosts: [], basePath: "x")],
      union: try TestModule(routes: []).responder
    )
    return Answer(await mount.respond(to: try request(.get, target, clock: clock)))
  }

  @Test(
    "The worst component decides",
    arguments: [
      ([HealthStatus.up, .unknown], "UP", 200), ([.up, .outOfService, .unknown], "OUT_OF_SERVICE", 503),
      ([.outOfService, .down, .up], "DOWN", 503), ([.unknown], "UNKNOWN", 200), ([], "UP", 200),
    ]
  )
  func worst(statuses: [HealthStatus], status: String, code: Int) async throws {
    let checks = statuses.enumerated().map { index, status in
      HealthCheck("c\(index)") { _ in ComponentHealth(status) }
    }
    let answer = try await answer("/health", HealthRoutes(ReadinessState()).routes(Health(checks)))
    #expect(answer.status == code)
    #expect(
      answer.body.hasPrefix(
        "{\"status\":\"\(status)\",\"groups\":[\"liveness\",\"readiness\"],\"components\":{"
      )
    )
  }

  @Test("Components come in alphabetical order with their details in the order of the check")
  func order() async throws {
    let checks = [
      HealthCheck("zed") { _ in ComponentHealth(.up) },
      HealthCheck("db") { _ in
        ComponentHealth(
          .up,
          [("b", .text("\"")), ("a", .number(-1)), ("c", .boolean(true)), ("d", .list(["x"]))]
        )
      },
    ]
    let routes = HealthRoutes(ReadinessState())
    let all = try await answer("/health", routes.routes(Health(checks)))
    #expect(
      all.body.hasSuffix(
        #""components":{"db":{"status":"UP","details":{"b":"\"","a":-1,"c":true,"d":["x"]}},"zed":{"status":"UP"}}}"#
      )
    )
    let hidden = try await answer(
      "/health/db",
      HealthRoutes(ReadinessState(), showsDetails: false).routes(Health(checks))
    )
    #expect(hidden.body == #"{"status":"UP"}"#)
  }

  @Test("Checks run side by side, and all who ask meanwhile share them")
  func shared() async throws {
    let rounds = Mutex(0)
    let (first, second) = (Gate(), Gate())
    // Each check waits for the other to have begun: one after the other they would never end.
    let health = Health([
      HealthCheck("a") { _ in
        rounds.withLock { $0 += 1 }
        first.open()
        await second.wait()
        return ComponentHealth(.up)
      },
      HealthCheck("b") { _ in
        second.open()
        await first.wait()
        return ComponentHealth(.down)
      },
    ])
    let routes = HealthRoutes(ReadinessState()).routes(health)
    async let one = answer("/health", routes)
    async let two = answer("/health", routes)
    #expect(try await (one.status, two.status) == (503, 503))
    #expect(rounds.withLock { $0 } == 1)
  }

  @Test(
    "A check is asked once for all who ask, by all its names and paths, and what it found is good for two seconds"
  )
  func remembered() async throws {
    let asked = Mutex(0)
    let check = HealthCheck("a") { _ in
      asked.withLock { $0 += 1 }
      await Task.yield()
      return .down("no")
    }
    let health = Health([check, HealthCheck("b") { _ in ComponentHealth(.up) }])
    let routes = HealthRoutes(ReadinessState()).routes(health)
    let others = HealthRoutes(ReadinessState()).routes([
      ("one", Health([check.named("other")])), ("two", health),
    ])
    try await withThrowingTaskGroup(of: Void.self) { group in
      for index in 0..<200 {
        group.addTask {
          let target = ["/health", "/health/a", "/health/one", "/health/two"][index % 4]
          let answer = try await answer(target, index % 4 < 2 ? routes : others)
          #expect(
            answer.status == 503 && answer.body.contains(#"{"status":"DOWN","details":{"error":"no"}}"#)
          )
        }
      }
      try await group.waitForAll()
    }
    #expect(try await answer("/health/one", others).body.contains(#""components":{"other":"#))
    #expect(asked.withLock { $0 } == 1)
    clock.advance(by: .seconds(2))
    #expect(try await answer("/health/b", routes).status == 200)
    #expect(asked.withLock { $0 } == 1)
    #expect(try await answer("/health/a", routes).status == 503)
    #expect(asked.withLock { $0 } == 2)
  }

  @Test("Several modules are told apart, and the worst of them decides")
  func union() async throws {
    let parts: [HealthRoutes.Part] = [
      ("one", Health([HealthCheck("db") { _ in ComponentHealth(.up) }])),
      ("two", Health([HealthCheck("db") { _ in .down("refused") }])),
    ]
    let routes = HealthRoutes(ReadinessState()).routes(parts)
    let all = try await answer("/health", routes)
    #expect(all.status == 503)
    #expect(
      all.body.hasSuffix(
        #""components":{"one":{"status":"UP","components":{"db":{"status":"UP"}}},"#
          + #""two":{"status":"DOWN","components":{"db":{"status":"DOWN","details":{"error":"refused"}}}}}}"#
      )
    )
    #expect(try await answer("/health/one", routes).status == 200)
    #expect(try await answer("/health/two", routes).status == 503)
    #expect(try await answer("/health/three", routes).status == 404)
  }
}

/// Opens once, for all who wait.
private final class Gate: Sendable {
  private let stream: AsyncStream<Void>
  private let source: AsyncStream<Void>.Continuation

  init() { (stream, source) = AsyncStream.makeStream() }
  func open() { source.finish() }
  func wait() async { for await _ in stream {} }
}
