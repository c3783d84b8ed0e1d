internal import Foundation
import Subprocess

/// Why there is no server.
public struct ClusterFailure: Error, CustomStringConvertible {
  public let description: String
}

/// A PostgreSQL server that belongs to one test, so that the test may stop it.
public struct PrivateCluster: Sendable {
  private let folder: String
  private let programs: String

  /// The loopback port it serves TLS on, if it does.
  private let port: UInt16?

  /// - Parameter hasTLS: whether to listen on loopback, with a certificate for `localhost`, besides the socket.
  public init(hasTLS: Bool = false) async throws {
    let versions = try FileManager.default.contentsOfDirectory(atPath: "/usr/lib/postgresql")
    guard let version = versions.compactMap({ Int($0) }).max() else {
      throw ClusterFailure(description: "no PostgreSQL server programs under /usr/lib/postgresql")
    }
    programs = "/usr/lib/postgresql/\(version)/bin"
    folder = "/tmp/gateway-test-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
    if geteuid() == 0 {
      try await Self.run(["install", "-d", "-m", "700", "-o", "postgres", folder])
    } else {
      try await Self.run(["install", "-d", "-m", "700", folder])
    }
    port = hasTLS ? try Self.freePort() : nil
    try await pg("initdb", "-D", "\(folder)/data", "-U", "postgres", "-A", "trust", "--no-sync")
    if hasTLS {
      try await Self.run(
        asPostgres([
          "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
          "-addext", "subjectAltName=DNS:localhost", "-keyout", "\(folder)/data/server.key",
          "-out", "\(folder)/data/server.crt",
        ])
      )
      // The client may not read the data folder, and checks the certificate against this copy.
      try await Self.run(asPostgres(["cp", "\(folder)/data/server.crt", "\(folder)/root.crt"]))
    }
    try await start()
  }

  /// A hot standby that follows `primary` until it is promoted.
  public init(standbyOf primary: PrivateCluster) async throws {
    programs = primary.programs
    port = nil
    folder = "\(primary.folder)-standby"
    let owner = geteuid() == 0 ? ["-o", "postgres"] : []
    try await Self.run(["install", "-d", "-m", "700"] + owner + [folder])
    try await pg(
      "pg_basebackup",
      "-h",
      primary.folder,
      "-U",
      "postgres",
      "-D",
      "\(folder)/data",
      "-R",
      "-X",
      "stream",
      "-c",
      "fast",
      "--no-sync"
    )
    try await start()
  }

  /// Ends a standby's recovery, and returns once it takes writes.
  public func promote() async throws { try await pg("pg_ctl", "-D", "\(folder)/data", "-w", "promote") }

  /// Where its socket is, for libpq's `host`.
  public var socketFolder: String { folder }

  /// What the server has logged.
  public var log: String { (try? String(contentsOfFile: "\(folder)/log", encoding: .utf8)) ?? "" }

  /// Verifies the server's certificate and name.
  public var tlsConnectionString: String {
    "host=localhost port=\(port ?? 0) sslmode=verify-full sslrootcert=\(folder)/root.crt user=postgres dbname=postgres"
  }

  public var connectionString: String { "host=\(folder) user=postgres dbname=postgres" }

  private var network: String {
    port.map { "-c listen_addresses=localhost -p \($0) -c ssl=on" } ?? "-c listen_addresses=''"
  }

  public func start() async throws {
    try await pg(
      "pg_ctl",
      "-D",
      "\(folder)/data",
      "-w",
      "-l",
      "\(folder)/log",
      "-o",
      "-k \(folder) -F \(network)",
      "start"
    )
  }

  /// - Parameter mode: of pg_ctl: `fast` ends the sessions, `immediate` is a crash with recovery.
  public func stop(mode: String) async throws {
    try await pg("pg_ctl", "-D", "\(folder)/data", "-m", mode, "-w", "stop")
  }

  /// Stops the server and all its sessions in mid-air, as a machine that swaps does: connections stay, nothing answers.
  public func freeze() throws { try signal(SIGSTOP) }

  public func thaw() throws { try signal(SIGCONT) }

  private func signal(_ signal: Int32) throws {
    let text = try String(contentsOfFile: "\(folder)/data/postmaster.pid", encoding: .utf8)
    guard let first = text.split(separator: "\n").first, let server = pid_t(first) else {
      throw ClusterFailure(description: "no postmaster.pid")
    }
    let children =
      (try? String(contentsOfFile: "/proc/\(server)/task/\(server)/children", encoding: .utf8)) ?? ""
    for process in [server] + children.split(separator: " ").compactMap({ pid_t($0) }) {
      kill(process, signal)
    }
  }

  public func remove() async {
    try? await stop(mode: "immediate")
    try? FileManager.default.removeItem(atPath: folder)
  }

  private func pg(_ program: String, _ arguments: String...) async throws {
    try await Self.run(asPostgres(["\(programs)/\(program)"] + arguments))
  }

  /// PostgreSQL's programs refuse to work for root.
  private func asPostgres(_ command: [String]) -> [String] {
    (geteuid() == 0 ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] : []) + command
  }

  private static func freePort() throws -> UInt16 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length) | getsockname(descriptor, $0, &length)
      }
    }
    guard result == 0 else { throw ClusterFailure(description: "no free port") }
    return UInt16(bigEndian: address.sin_port)
  }

  /// On a thread of its own, and with no pipe, which the server would inherit and keep open.
  private static func run(_ command: [String]) async throws {
    let ending = try await withCheckedThrowingContinuation { continuation in
      DispatchQueue.global().async {
        continuation.resume(
          with: Result { try Subprocess(command, output: .none, errors: .none).wait() }
        )
      }
    }
    guard ending == .exited(0) else {
      throw ClusterFailure(description: "\(command.joined(separator: " ")): \(ending)")
    }
  }
}
