import EventLoops
import Logging
import Synchronization
import Testing
import Time

@testable import Gateway

/// docs/decisions/0010-service-group.md
@Suite("The list of services")
struct ServiceListTests {
  private struct NotReady: Error {}

  private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
  private static var plan: StopPlan { StopPlan(now: .now(), draining: .zero, limit: .seconds(5)) }

  /// What the services of a test did, in order.
  private final class Diary: Sendable {
    private let lines = Mutex<[String]>([])
    func add(_ line: String) { lines.withLock { $0.append(line) } }
    var text: [String] { lines.withLock { $0 } }
  }

  private static func service(
    _ name: String,
    _ stopping: Stopping,
    _ diary: Diary,
    stops order: LongLivedService.Order = .reverse,
    ready: @escaping @Sendable () async throws -> Void = {}
  ) throws -> LongLivedService {
    LongLivedService(
      name,
      stopping,
      stops: order,
      clock: try World.group.get(),
      logger: logger,
      ready: {
        try await ready()
        diary.add("\(name) ready")
      },
      stop: { _ in diary.add("\(name) stopped") }
    )
  }

  @Test("is made ready in order, one after the other, and stopped in reverse")
  func inOrder() async throws {
    let (stopping, diary) = (Stopping(), Diary())
    let services = try ["a", "b", "c"].map { try Self.service($0, stopping, diary) }
    let list = ServiceList(services, stopping, logger: Self.logger)
    try await list.start { Self.plan }
    await list.stop(by: Self.plan)
    await list.stop(by: Self.plan)
    #expect(diary.text == ["a ready", "b ready", "c ready", "c stopped", "b stopped", "a stopped"])
  }

  @Test("at a step that fails, ends what was added, in reverse, and tells why")
  func failing() async throws {
    let (stopping, diary) = (Stopping(), Diary())
    let services = [
      try Self.service("a", stopping, diary),
      try Self.service("b", stopping, diary) { throw NotReady() },
      try Self.service("c", stopping, diary),
    ]
    let list = ServiceList(services, stopping, logger: Self.logger)
    await #expect(throws: NotReady.self) { try await list.start { Self.plan } }
    // What has opened something before it failed gives that back too.
    #expect(diary.text == ["a ready", "b stopped", "a stopped"])
  }

  @Test("that is cancelled while a service is not yet ready ends the same way")
  func cancelled() async throws {
    let (stopping, diary) = (Stopping(), Diary())
    let isWaiting = AsyncStream.makeStream(of: Void.self)
    let services = [
      try Self.service("a", stopping, diary),
      try Self.service("b", stopping, diary) {
        isWaiting.continuation.yield()
        try await Task.sleep(for: .seconds(3600))
      },
      try Self.service("c", stopping, diary),
    ]
    let list = ServiceList(services, stopping, logger: Self.logger)
    let start = Task { try await list.start { Self.plan } }
    for await _ in isWaiting.stream { break }
    start.cancel()
    await #expect(throws: CancellationError.self) { try await start.value }
    #expect(diary.text == ["a ready", "b stopped", "a stopped"])
  }

  @Test("lets what stops at once begin while what comes after it is still stopping")
  func atOnce() async throws {
    let (stopping, diary) = (Stopping(), Diary())
    let hasBegun = AsyncStream.makeStream(of: Void.self)
    let consumers = LongLivedService(
      "consumers",
      stopping,
      stops: .atOnce,
      clock: try World.group.get(),
      logger: Self.logger
    ) { _ in
      diary.add("consumers stopped")
      hasBegun.continuation.finish()
    }
    let server = LongLivedService("server", stopping, clock: try World.group.get(), logger: Self.logger) {
      _ in
      for await _ in hasBegun.stream {}
      diary.add("server stopped")
    }
    let services = [try Self.service("relays", stopping, diary), consumers, server]
    let list = ServiceList(services, stopping, logger: Self.logger)
    try await list.start { Self.plan }
    await list.stop(by: Self.plan)
    #expect(diary.text == ["relays ready", "consumers stopped", "server stopped", "relays stopped"])
  }

  @Test("leaves a service behind whose stop does not end in its time")
  func stuck() async throws {
    let (stopping, diary) = (Stopping(), Diary())
    let stuck = LongLivedService("stuck", stopping, clock: try World.group.get(), logger: Self.logger) { _ in
      try? await Task.sleep(for: .seconds(3600))
    }
    let list = ServiceList([try Self.service("a", stopping, diary), stuck], stopping, logger: Self.logger)
    try await list.start { Self.plan }
    await list.stop(by: StopPlan(now: .now(), draining: .zero, limit: .milliseconds(200)))
    #expect(diary.text == ["a ready", "a stopped"])
  }
}
