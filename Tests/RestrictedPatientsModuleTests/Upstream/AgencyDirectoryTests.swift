import HTTPTransport
import HTTPTypes
import InMemoryLogging
import Logging
import PlatformTestKit
import ServiceKit
import Synchronization
import TestKit
import Testing
import Time

@testable import RestrictedPatientsModule

@Suite("The lists of agencies (docs/contract/restricted-patients.md §14 row 10)")
struct AgencyDirectoryTests {
  /// Prison API, which gives each list a prison of its round's number, or is away.
  private final class PrisonAPI: Sendable {
    private let state = Mutex(
      (calls: 0, isAway: false, isHeld: false, waiting: [AsyncStream<Never>.Continuation]())
    )

    var rounds: Int { state.withLock { $0.calls / 3 } }
    var calls: Int { state.withLock(\.calls) }
    func isAway(_ isAway: Bool) { state.withLock { $0.isAway = isAway } }

    /// Keeps everybody waiting who asks, until `letGo()`.
    func hold() { state.withLock { $0.isHeld = true } }

    func letGo() {
      let waiting = state.withLock { state in
        state.isHeld = false
        defer { state.waiting = [] }
        return state.waiting
      }
      for continuation in waiting { continuation.finish() }
    }

    func answer(_ request: ServerRequest) async -> ServerResponse {
      let (stream, continuation) = AsyncStream<Never>.makeStream()
      let (call, isAway, isHeld) = state.withLock { state in
        state.calls += 1
        if state.isHeld { state.waiting.append(continuation) }
        return (state.calls, state.isAway, state.isHeld)
      }
      if isHeld { for await _ in stream {} }
      guard !isAway else { return ServerResponse(status: .serviceUnavailable) }
      let type = request.head.target.segments.last ?? ""
      let body = #"[{"agencyId":"\#(type)-\#((call - 1) / 3 + 1)","agencyType":"\#(type)"}]"#
      return ServerResponse(status: .ok, fields: [.contentType: "application/json"], body: Array(body.utf8))
    }
  }

  /// Far ahead of the loops' clock, by which each call ends at its own time-out.
  private let clock = ManualClock(MonotonicInstant(nanoseconds: 1 << 60))
  private let prisonAPI = PrisonAPI()
  /// Has an entry for each time that the lists did not come.
  private let log = InMemoryLogHandler()

  private func withDirectory(_ body: @escaping @Sendable (AgencyDirectory) async throws -> Void) async throws
  {
    let (clock, prisonAPI, log) = (clock, prisonAPI, log)
    try await UpstreamServer.run({ await prisonAPI.answer($0) }) { upstream in
      try await body(
        AgencyDirectory(
          prisonAPI: PrisonAPIClient(upstream),
          refreshInterval: .seconds(600),
          maximumAge: .seconds(3600),
          logger: Logger(label: "test") { _ in log },
          clock: clock
        )
      )
    }
  }

  private func prison(
    _ directory: AgencyDirectory,
    isEnough: (AgencyLists) -> Bool = { _ in true }
  ) async throws -> String? {
    let lists = try await directory.lists(deadline: clock.now() + .seconds(60), isEnough: isEnough)
    #expect(lists.prisons.count == 1 && lists.hospitals.count == 2)
    return lists.prisons.values.first?.id
  }

  @Test("They are asked for when they are first needed, and again in the background once they are old")
  func refreshed() async throws {
    try await withDirectory { directory in
      #expect(prisonAPI.calls == 0)
      for _ in 0..<5 { #expect(try await prison(directory) == "INST-1") }
      clock.advance(by: .seconds(539))
      #expect(try await prison(directory) == "INST-1")
      #expect(prisonAPI.rounds == 1)
      clock.advance(by: .seconds(1))
      #expect(try await prison(directory) == "INST-1", "nobody waits for the new ones")
      try await eventually("they are asked for once") { prisonAPI.rounds == 2 }
      try await eventually("the new ones are used") { try await prison(directory) == "INST-2" }
      #expect(prisonAPI.rounds == 2)
    }
  }

  @Test(
    "AD-39: after a quiet night the first who comes gets new ones, or the old ones if they do not come soon"
  )
  func quietNight() async throws {
    try await withDirectory { directory in
      #expect(try await prison(directory) == "INST-1")
      clock.advance(by: .seconds(600))
      #expect(try await prison(directory) == "INST-2")
      prisonAPI.hold()
      clock.advance(by: .seconds(600))
      async let first = prison(directory)
      try await eventually("they are asked for") { prisonAPI.calls == 7 }
      clock.advance(by: .seconds(5))
      #expect(try await first == "INST-2")
      #expect(try await prison(directory) == "INST-2", "nobody else waits for them")
      prisonAPI.letGo()
      try await eventually("the new ones are used") { try await prison(directory) == "INST-3" }
    }
  }

  @Test("AD-39, AD-41: whoever misses an agency gets lists that were asked for since, or the failure")
  func lacking() async throws {
    try await withDirectory { (directory) async throws in
      let hasSecond: (AgencyLists) -> Bool = { $0.prisons.values.contains { $0.id == "INST-2" } }
      let hasNone: (AgencyLists) -> Bool = { _ in false }
      #expect(try await prison(directory) == "INST-1")
      clock.advance(by: .seconds(1))
      #expect(try await prison(directory, isEnough: hasSecond) == "INST-2")
      #expect(prisonAPI.rounds == 2)
      clock.advance(by: .seconds(1))
      prisonAPI.isAway(true)
      for _ in 0..<2 {
        await #expect(throws: UpstreamFailure.self) {
          _ = try await prison(directory, isEnough: hasNone)
        }
      }
      #expect(prisonAPI.calls == 8, "it is asked each time")
      #expect(try await prison(directory) == "INST-2")
      prisonAPI.isAway(false)
      #expect(try await prison(directory, isEnough: hasNone) != nil)
    }
  }

  @Test("While prison API is away old lists are used up to an age, and it is asked every 30 seconds at most")
  func away() async throws {
    try await withDirectory { directory in
      #expect(try await prison(directory) == "INST-1")
      prisonAPI.isAway(true)
      clock.advance(by: .seconds(600))
      for failures in 1...3 {
        for _ in 0..<3 { #expect(try await prison(directory) == "INST-1") }
        try await eventually("it was asked once more, in vain") { log.entries.count == failures }
        clock.advance(by: .seconds(29))
        #expect(try await prison(directory) == "INST-1")
        #expect(prisonAPI.calls == 3 + failures)
        clock.advance(by: .seconds(1))
      }
      clock.advance(by: .seconds(3600))
      await #expect(throws: UpstreamFailure.self) { try await prison(directory) }
      prisonAPI.isAway(false)
      #expect(try await prison(directory) != nil)
    }
  }
}
