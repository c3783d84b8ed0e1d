import Foundation
import Testing

@testable import Gateway

@Suite("What the process may open and hold")
struct ServerLimitTests {
  @Test(
    "Connections are cut to files and memory, with a warning that says what to do",
    arguments: [
      // wanted, files, own files, MiB of memory, TLS, expected, warnings
      (8192, 1_048_576, 300, nil, false, 8192, 0), (8192, 1024, 300, nil, false, 634, 1),
      (8192, 524_288, 300, 256, false, 5461, 1), (8192, 524_288, 300, 256, true, 1024, 1),
      (8192, 256, 300, nil, false, 112, 1), (100, 1024, 300, 256, true, 100, 0),
      (8192, 4, 300, nil, false, 1, 1),
      (8192, 1024, 300, 16, true, 64, 2),
    ] as [(Int, Int, Int, Int?, Bool, Int, Int)]
  )
  func limits(
    wanted: Int,
    files: Int,
    own: Int,
    memory: Int?,
    isEncrypted: Bool,
    expected: Int,
    warnings: Int
  ) {
    let limits = ServerLimits(
      wanted: wanted,
      files: files,
      ownFiles: own,
      memory: memory.map { $0 * 1_048_576 },
      isEncrypted: isEncrypted
    )
    #expect(limits.connections == expected)
    #expect(limits.warnings.count == warnings)
    #expect(limits.warnings.allSatisfy { $0.contains("SERVER_MAX_CONNECTIONS") && $0.contains("raise its") })
    #expect(limits.connections + limits.turnedAway + min(own, files / 2) <= max(files, 4))
  }

  @Test(
    "Half as many idle strangers again as there is room for cost no read and no probe",
    arguments: [
      // Soft and hard limit of open files, and strangers.
      (300, 300, 200), (1024, 4096, 1536),
    ]
  )
  func strangers(soft: Int, hard: Int, count: Int) async throws {
    try await withGateway { (gateway) async throws in
      let id = try await gateway.database.insertOpen("A1234BC", "D5678EF")
      let token = try gateway.token(roles: ["READ_NON_ASSOCIATIONS"], expiresIn: 1_000_000_000)
      let launcher = ["/usr/bin/prlimit", "--nofile=\(soft):\(hard)"]
      try await GatewayProcess.run(beside: gateway, launcher: launcher) { process in
        let port = try process.port
        if hard < 1000 { try await process.says("raise its hard limit") }
        var idle: [AbandonedRequest] = []
        defer { for each in idle { each.close() } }
        func isServed() async throws {
          for (path, headers) in [
            ("/health/liveness", []), ("/non-associations/\(id)", [("Authorization", "Bearer \(token)")]),
          ] {
            let answer = try await SocketClient.send(
              port: port,
              method: "GET",
              target: path,
              headers: headers,
              body: nil
            )
            #expect(answer.status == 200, "\(path) with \(idle.count) strangers: \(answer.text)")
          }
        }
        for number in 0..<count {
          idle.append(
            try AbandonedRequest(port: port, sending: "GET /health/ping HTTP/1.1\r\nHost: a\r\n\r\n")
          )
          if number % 100 == 99 { try await isServed() }
        }
        for _ in 0..<20 { try await isServed() }
      }
    }
  }
}
