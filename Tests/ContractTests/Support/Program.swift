import Foundation
import Subprocess
import Synchronization
import TestKit
import Testing

/// The `gateway` program, built beside these tests, in a process of its own.
final class Program: Sendable {
  private let process: Subprocess
  private let log: URL

  /// Starts it.
  /// - Parameters:
  ///   - environment: all of it, but for PATH and TMPDIR.
  ///   - output: where it prints to; nil keeps that for `text`.
  init(
    _ arguments: [String],
    _ environment: [String: String] = [:],
    output: FileHandle? = nil
  ) throws {
    log = FileManager.default.temporaryDirectory.appending(path: "program-\(UUID()).log")
    try Data().write(to: log)
    let kept = try FileHandle(forWritingTo: log)
    try kept.seekToEnd()
    let program = Bundle.module.bundleURL.deletingLastPathComponent().appending(path: "gateway")
    let own = ProcessInfo.processInfo.environment
    process = try Subprocess(
      [program.path] + arguments,
      environment: environment.merging(["PATH": own["PATH"] ?? "", "TMPDIR": own["TMPDIR"] ?? "/tmp"]) { $1 },
      output: .file(output ?? kept),
      errors: .file(kept)
    )
    try kept.close()
  }

  deinit { try? FileManager.default.removeItem(at: log) }

  var processID: Int32 { process.processID }

  /// What it has printed.
  var text: String { (try? String(contentsOf: log, encoding: .utf8)) ?? "" }

  func send(_ signal: Int32) { process.send(signal) }

  /// Waits until it has printed these words.
  func says(_ words: String) async throws {
    try await eventually("the program says \(words)") {
      if !process.isRunning, !text.contains(words) {
        throw SocketFailure(description: "the program ended without \(words): \(text)")
      }
      return text.contains(words)
    }
  }

  /// Waits for its end.
  func ending(within limit: Duration = .seconds(30)) async throws -> Subprocess.Ending {
    try await eventually("the program ends, after \(text)", within: limit) { process.ending != nil }
    return try #require(process.ending)
  }

  /// Settings with which it starts on a database, if nothing is asked of the services it names.
  static func settings(database url: String) -> [String: String] {
    [
      // Without the time in which a server still takes requests once it is told to stop.
      "SERVER_DRAIN_TIME": "0s",
      "SERVER_PORT": "0", "SERVER_HOST": "127.0.0.1", "DATABASE_URL": url, "GATEWAY_SHARED_DATABASE": "true",
      "HMPPS_SQS_PROVIDER": "in-process", "API_BASE_URL_PRISON_API": "http://127.0.0.1:1",
      "RESTRICTED_PATIENTS_API_CLIENT_ID": "x", "RESTRICTED_PATIENTS_API_CLIENT_SECRET": "x",
      "API_BASE_URL_OAUTH": "http://127.0.0.1:1/auth", "API_BASE_URL_PRISONER_SEARCH": "http://127.0.0.1:1",
      "NON_ASSOCIATIONS_API_CLIENT_ID": "client", "NON_ASSOCIATIONS_API_CLIENT_SECRET": "secret",
    ]
  }
}

/// A library that is loaded before a program, made of a few lines of C.
struct PreloadedLibrary {
  let path: String

  init(_ source: String) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "library-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try source.write(to: folder.appending(path: "library.c"), atomically: true, encoding: .utf8)
    path = folder.appending(path: "library.so").path
    try Subprocess.run(["cc", "-shared", "-fPIC", "-o", path, folder.appending(path: "library.c").path])
  }

  func remove() {
    try? FileManager.default.removeItem(at: URL(filePath: path).deletingLastPathComponent())
  }
}

/// A server that takes connections and never says a word.
final class SilentServer: Sendable {
  let port: UInt16
  private let descriptor: Int32
  private let taken = Mutex<[Int32]>([])

  init() throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let descriptor = descriptor
    let failed = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length) != 0 || listen(descriptor, 64) != 0
          || getsockname(descriptor, $0, &length) != 0
      }
    }
    port = UInt16(bigEndian: address.sin_port)
    if failed { throw SocketFailure(description: "cannot listen: errno \(errno)") }
  }

  deinit {
    for connection in taken.withLock(\.self) { close(connection) }
    close(descriptor)
  }

  /// Waits until somebody has connected.
  func isCalled() async throws {
    try await eventually("somebody connects") {
      let connection = accept(descriptor, nil, nil)
      guard connection >= 0 else { return false }
      taken.withLock { $0.append(connection) }
      return true
    }
  }
}

/// A session of somebody else, which holds what a statement has locked until it is let go.
final class LockingSession {
  private let process: Subprocess
  private let input = Pipe()

  /// - Parameter statement: takes the lock, in a transaction that stays open.
  init(_ statement: String, url: String) async throws {
    let output = Pipe()
    process = try Subprocess(
      ["psql", "--no-psqlrc", "--quiet", "--tuples-only", url],
      input: .pipe(input),
      output: .pipe(output)
    )
    try input.fileHandleForWriting.write(contentsOf: Data("begin; \(statement); select 'locked';\n".utf8))
    let reader = output.fileHandleForReading
    let text = await Task.detached {
      var text = ""
      while !text.contains("locked") {
        let data = reader.availableData
        if data.isEmpty { break }
        text += String(decoding: data, as: UTF8.self)
      }
      return text
    }.value
    try #require(text.contains("locked"))
  }

  deinit { letGo() }

  func letGo() {
    try? input.fileHandleForWriting.close()
    process.wait()
  }
}
