import Foundation
import Subprocess
import TestKit
import Testing

/// A gateway in a process of its own, which can be killed: the program, with the settings of a test's gateway, and so
/// on the same database, queues and doubles.
struct GatewayProcess {
  private let process: Subprocess
  private let log: URL

  /// Starts one, runs `body` once it serves, and kills it if it is still there.
  /// - Parameters:
  ///   - settings: what differs from the test's gateway.
  ///   - launcher: a command that becomes the gateway.
  static func run(
    beside gateway: RunningGateway,
    settings: [String: String] = [:],
    launcher: [String] = [],
    _ body: (GatewayProcess) async throws -> Void
  ) async throws {
    let log = FileManager.default.temporaryDirectory.appending(path: "gateway-\(UUID()).log")
    try Data().write(to: log)
    defer { try? FileManager.default.removeItem(at: log) }
    let output = try FileHandle(forWritingTo: log)
    // Built beside the tests.
    let program = Bundle.module.bundleURL.deletingLastPathComponent().appending(path: "gateway")
    let process = try Subprocess(
      launcher + [program.path, "serve"],
      environment: gateway.environment.merging([
        "LOG_LEVEL": "info", "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "",
      ]) { $1 }.merging(settings) { $1 },
      output: .file(output),
      errors: .file(output)
    )
    let other = GatewayProcess(process: process, log: log)
    let result: Result<Void, any Error>
    do {
      try await other.says("serving")
      result = .success(try await body(other))
    } catch {
      result = .failure(error)
    }
    other.send(SIGKILL)
    _ = try await other.status()
    try result.get()
  }

  func send(_ signal: Int32) { process.send(signal) }

  /// Where it listens, as its log says.
  var port: UInt16 {
    get throws {
      let lines = try String(contentsOf: log, encoding: .utf8).split(separator: "\n")
      for line in lines {
        guard let entry = try? JSON(parsing: Array(line.utf8)), let address = entry["address"]?.text,
          let port = address.split(separator: ":").last.flatMap({ UInt16($0) })
        else { continue }
        return port
      }
      throw SocketFailure(description: "it does not say where it listens")
    }
  }

  /// Waits until a line of its log has these words.
  func says(_ words: String) async throws {
    try await eventually("the gateway says \(words)") {
      let text = try String(contentsOf: log, encoding: .utf8)
      if !process.isRunning, !text.contains(words) {
        throw SocketFailure(description: "the gateway ended without \(words): \(text)")
      }
      return text.contains(words)
    }
  }

  /// Waits until it has ended: its status, or the signal that ended it.
  func status() async throws -> Int32 {
    try await eventually("the gateway ends") { !process.isRunning }
    switch process.wait() {
    case .exited(let status): return status
    case .signalled(let signal): return signal
    }
  }
}
