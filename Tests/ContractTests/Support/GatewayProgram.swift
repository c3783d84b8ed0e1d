import Foundation
import Synchronization
import Testing

/// The `gateway` program that was built beside these tests, running, and its log.
final class GatewayProgram: Sendable {
  private let process: Process
  private let text = Mutex("")

  /// - Parameters:
  ///   - environment: besides that of the tests.
  ///   - arguments: of `gateway serve`.
  init(_ environment: [String: String], arguments: [String] = []) throws {
    process = Process()
    let bundle = try #require(
      CommandLine.arguments.first { $0.contains(".xctest") } ?? CommandLine.arguments.first
    )
    let folder = URL(fileURLWithPath: bundle).deletingLastPathComponent()
    process.executableURL = folder.appendingPathComponent("gateway")
    process.arguments = ["serve"] + arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    output.fileHandleForReading.readabilityHandler = { [weak self] handle in
      let data = handle.availableData
      if data.isEmpty { handle.readabilityHandler = nil }
      self?.text.withLock { $0 += String(decoding: data, as: UTF8.self) }
    }
    try process.run()
  }

  deinit { send(SIGKILL) }

  func send(_ signal: Int32) {
    if process.isRunning { kill(process.processIdentifier, signal) }
  }

  /// The first line of the log with that message, once it is there.
  func line(_ message: String) async throws -> JSON {
    let deadline = ContinuousClock.now + .seconds(30)
    while true {
      let text = text.withLock(\.self)
      let lines = text.split(separator: "\n").compactMap { try? JSON(parsing: Array($0.utf8)) }
      if let line = lines.first(where: { $0["message"]?.text == message }) { return line }
      try #require(ContinuousClock.now < deadline, "no line '\(message)' in: \(text)")
      try await Task.sleep(for: .milliseconds(10))
    }
  }
}
