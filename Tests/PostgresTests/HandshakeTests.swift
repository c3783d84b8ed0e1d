import EventLoops
import Foundation
import Glibc
import PrivateCluster
import TestKit
import Testing

@testable import Postgres

@Suite("What opening connections costs the loop that wants them")
struct HandshakeTests {
  private static func processorTime(_ clock: clockid_t) -> Duration {
    var time = timespec()
    clock_gettime(clock, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
  }

  @Test("the key exchange and SCRAM of fifty connections at once are no work of the loop's thread")
  func elsewhere() async throws {
    let cluster = try await PrivateCluster(hasTLS: true)
    let result: Result<Void, any Error>
    do {
      result = .success(try await open(fifty: cluster))
    } catch {
      result = .failure(error)
    }
    await cluster.remove()
    try result.get()
  }

  private func open(fifty cluster: PrivateCluster) async throws {
    let admin = try PostgresDatabase(
      configuration: PostgresConfiguration(connectionString: cluster.tlsConnectionString),
      group: Loops.shared,
      logger: quiet
    )
    try await eventually("the server is there") {
      await postgresError { try await admin.read("select 1") } == nil
    }
    let file = try await admin.read("show hba_file")[0].text(0)
    try await admin.script("create role scram login password 'a long password'")
    try await admin.script(
      "copy (select unnest(array['local all all trust', 'hostssl all all all scram-sha-256'])) to '\(file)'"
    )
    _ = try await admin.read("select pg_reload_conf()")
    var configuration = PostgresConfiguration(
      connectionString: cluster.tlsConnectionString.replacing("user=postgres", with: "user=scram")
        + " password='a long password'"
    )
    configuration.transactionConnectionsPerLoop = 50
    configuration.leaseTimeout = patience
    configuration.connectTimeout = patience
    let database = try PostgresDatabase(configuration: configuration, group: Loops.shared, logger: quiet)
    let (loop, all) = try await Loops.run {
      let before = (
        Self.processorTime(CLOCK_THREAD_CPUTIME_ID), Self.processorTime(CLOCK_PROCESS_CPUTIME_ID)
      )
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<50 {
          group.addTask(executorPreference: Loops.shared.loops[0]) {
            try await database.withTransaction(deadline: .after(patience)) { transaction in
              // Long enough that nobody's connection serves another.
              _ = try await transaction.query(PostgresStatement(name: "stay", sql: "select pg_sleep(2)"))
            }
          }
        }
        try await group.waitForAll()
      }
      return (
        Self.processorTime(CLOCK_THREAD_CPUTIME_ID) - before.0,
        Self.processorTime(CLOCK_PROCESS_CPUTIME_ID) - before.1
      )
    }
    #expect(await database.statistics().transactions.idle > 20)
    // All but the loop's own bookkeeping is done elsewhere.
    #expect(loop < all * 0.4, "\(loop) of \(all)")
    await database.shutdown()
    await admin.shutdown()
  }
}
