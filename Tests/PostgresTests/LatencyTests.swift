import EventLoops
import Foundation
import Subprocess
import Testing
import Time

@testable import Postgres

@Suite("A server that is far away, not slow", .serialized)
struct LatencyTests {
  /// Hands on what comes to a port of its own, 30 ms later in either direction, and prints the port.
  private static let proxy = """
    import asyncio, sys
    async def pipe(reader, writer):
        loop = asyncio.get_running_loop()
        while data := await reader.read(65536):
            loop.call_later(0.03, writer.write, data)
        loop.call_later(0.03, writer.close)
    async def serve(reader, writer):
        there, back = await asyncio.open_connection(sys.argv[1], int(sys.argv[2]))
        await asyncio.gather(pipe(reader, back), pipe(there, writer))
    async def main():
        server = await asyncio.start_server(serve, '127.0.0.1', 0)
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()
    asyncio.run(main())
    """

  @Test("with 60 ms between, as many reads are in flight as there are callers")
  func pace() async throws {
    let target = try #require(
      try ConnectionParameters(PostgresConfiguration(connectionString: try TestServer.url())).targets.first
    )
    let output = Pipe()
    let python = try Subprocess(
      ["python3", "-c", Self.proxy, target.host, target.port],
      output: .pipe(output)
    )
    let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
    let port = try #require(Int(line.trimmingCharacters(in: .whitespacesAndNewlines)))
    var configuration = PostgresConfiguration(
      connectionString: "host=127.0.0.1 port=\(port) user=postgres dbname=postgres"
    )
    configuration.leaseTimeout = patience
    let database = try PostgresDatabase(configuration: configuration, group: Loops.shared, logger: quiet)
    let far = PostgresStatement(name: "far", sql: "select $1")
    let (callers, reads) = (64, 12)
    // The first of a kind is not known to be quick.
    for number in 0..<3 as Range<Int64> {
      _ = try await Loops.run { try await database.query(far, [.int8(number)], deadline: .after(patience)) }
    }
    let start = MonotonicInstant.now()
    try await Loops.run {
      try await withThrowingTaskGroup(of: Void.self) { group in
        for caller in 0..<callers {
          group.addTask(executorPreference: Loops.shared.loops[0]) {
            for read in 0..<reads {
              let value = Int64(caller * reads + read)
              let rows = try await database.query(far, [.int8(value)], deadline: .after(patience))
              #expect(try rows[0].int64(0) == value)
            }
          }
        }
        try await group.waitForAll()
      }
    }
    let time = MonotonicInstant.now().duration(since: start)
    // In flight ÷ latency would be 12 × 60 ms; one at a time on each session, 384 × 60 ms. Twice, for a shared machine.
    #expect(time < .milliseconds(60 * reads) * 2, "\(time)")
    await database.shutdown()
    python.send(SIGKILL)
    _ = python.wait()
  }
}
