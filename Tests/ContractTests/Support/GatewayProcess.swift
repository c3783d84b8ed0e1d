import Foundation

/// A gateway in a process of its own, which can be killed: the program, with the settings of a test's gateway, and so
/// on the same database, queues and doubles.
struct GatewayProcess {
  private let process: Process
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
    let process = Process()
    // Built beside the tests.
    let program = Bundle.module.bundleURL.deletingLastPathComponent().appending(path: "gateway")
    process.executableURL = launcher.first.map { URL(filePath: $0) } ?? program
    process.arguments = launcher.isEmpty ? ["serve"] : launcher.dropFirst() + [program.path, "serve"]
    process.environment = gateway.environment.merging([
      "LOG_LEVEL": "info", "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "",
    ]) { $1 }.merging(settings) { $1 }
    process.standardOutput = output
    process.standardError = output
    try process.run()
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

  func send(_ signal: Int32) {
    if process.isRunning { kill(process.processIdentifier, signal) }
  }

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
    try await eventually {
      let text = try String(contentsOf: log, encoding: .utf8)
      if !process.isRunning, !text.contains(words) {
        throw SocketFailure(description: "the gateway ended without \(words): \(text)")
      }
      return text.contains(words)
    }
  }

  /// Waits until it has ended: its status, or the signal that ended it.
  func status() async throws -> Int32 {
    try await eventually { !process.isRunning }
    return process.terminationStatus
  }
}
