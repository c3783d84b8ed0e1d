import Foundation
import Glibc
import Testing

/// Starts the program with the all-in-one profile in a folder of its own, runs `body` with its address, stops it.
func withLocalGateway(_ body: (_ url: String) async throws -> Void) async throws {
  let folder =
    FileManager.default.temporaryDirectory.appendingPathComponent("gateway-local-\(UUID().uuidString)").path
  defer { try? FileManager.default.removeItem(atPath: folder) }
  let program = try GatewayProgram(
    ["SERVER_PORT": "0", "GATEWAY_LOCAL_DATA": folder, "LOG_FORMAT": "json"],
    arguments: ["--profile", "all-in-one"]
  )
  _ = try await program.line("serving")
  let endpoints = try String(contentsOfFile: folder + "/endpoints.env", encoding: .utf8)
  let name = "GATEWAY_URL="
  let line = try #require(endpoints.split(separator: "\n").first { $0.hasPrefix(name) })
  let result: Result<Void, any Error>
  do {
    result = .success(try await body(String(line.dropFirst(name.count))))
  } catch {
    result = .failure(error)
  }
  program.send(SIGTERM)
  _ = try await program.line("stopped")
  try result.get()
}
