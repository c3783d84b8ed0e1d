import Postgres
import Testing
import Time

@testable import RestrictedPatientsModule

@Suite("Leases of jobs")
struct JobLeaseTests {
  private static func run(_ body: @escaping @Sendable (PatientsDatabase, JobLeases) async throws -> Void)
    async throws
  {
    try await PatientsDatabase.run { (database) async throws in
      let leases = JobLeases(
        job: "job",
        store: database.store,
        changes: database.changes,
        clock: database.database.clock
      )
      try await body(database, leases)
    }
  }

  private static func take(
    _ leases: JobLeases,
    _ day: String = "2020-10-10",
    isRepeatable: Bool = false
  ) async throws -> RestrictedPatientsStore.JobLease? {
    let turn = try await leases.take(day: day, isRepeatable: isRepeatable, for: .seconds(60))
    if case .mine(let lease) = turn { return lease }
    return nil
  }

  @Test("are one replica's at a time, and the day's work is done once")
  func once() async throws {
    try await Self.run { (_, leases) async throws in
      let lease = try #require(try await Self.take(leases))
      guard case .running = try await leases.take(day: "2020-10-10", isRepeatable: true, for: .seconds(60))
      else {
        Issue.record("it was taken twice")
        return
      }
      try await leases.end(lease, doneDay: "2020-10-10")
      guard case .done = try await leases.take(day: "2020-10-10", isRepeatable: false, for: .seconds(60))
      else {
        Issue.record("it is not done")
        return
      }
      let again = try #require(try await Self.take(leases, isRepeatable: true))
      try await leases.end(again, doneDay: nil)
      #expect(try await Self.take(leases, "2020-10-11") != nil)
    }
  }

  @Test("that were not kept are another's, whose they stay")
  func expired() async throws {
    try await Self.run { (database, leases) async throws in
      let dead = try #require(try await Self.take(leases))
      try await database.run("update restricted_patients_job set running_until = now()")
      let lease = try #require(try await Self.take(leases))
      #expect(try await leases.renew(dead, for: .seconds(60), within: .seconds(30)) == nil)
      try await leases.end(dead, doneDay: "2020-10-10")
      let kept = try #require(try await leases.renew(lease, for: .seconds(90), within: .seconds(30)))
      // What was kept goes by another name.
      #expect(try await leases.renew(lease, for: .seconds(60), within: .seconds(30)) == nil)
      try await leases.end(kept, doneDay: nil)
      #expect(try await Self.take(leases) != nil)
    }
  }
}
