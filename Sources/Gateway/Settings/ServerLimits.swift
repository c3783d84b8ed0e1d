/// How many connections the server takes: what is configured, or less if this process may not open so many files, or
/// could not hold them in the memory it may have.
struct ServerLimits: Equatable, Sendable {
  /// Open connections.
  var connections: Int
  /// Connections over that, while they are told so.
  var turnedAway: Int
  /// What connections that wait for their clients may hold, in bytes.
  var heldBytes: Int
  /// What an operator must know, a sentence each.
  var warnings: [String]

  /// What an idle connection takes with all that belongs to it, measured and rounded up.
  private static let plainBytes = 12_288
  /// With TLS's state and its share of handshakes in progress.
  private static let encryptedBytes = 65_536

  /// - Parameters:
  ///   - wanted: `SERVER_MAX_CONNECTIONS`.
  ///   - files: what the process may open.
  ///   - ownFiles: of these, what it opens itself: databases, other services, the broker, files.
  ///   - memory: what it may have, in bytes; nil for no limit.
  init(wanted: Int, files: Int, ownFiles: Int, memory: Int?, isEncrypted: Bool) {
    let free = max(2, files - min(ownFiles, files / 2))
    turnedAway = min(1024, max(1, free / 8))
    let byFiles = max(1, free - turnedAway)
    let byMemory =
      memory.map { max(1, $0 / 4 / (isEncrypted ? Self.encryptedBytes : Self.plainBytes)) } ?? .max
    connections = min(wanted, byFiles, byMemory)
    heldBytes = memory.map { max(1_048_576, min($0 / 16, 67_108_864)) } ?? 67_108_864
    warnings = []
    if byFiles < wanted {
      warnings.append(
        "this process may open \(files) files, so that \(min(byFiles, byMemory)) connections are taken and not "
          + "\(wanted): raise its hard limit (ulimit -Hn, LimitNOFILE), or lower SERVER_MAX_CONNECTIONS"
      )
    }
    if byMemory < wanted {
      warnings.append(
        "this process may have \((memory ?? 0) / 1_048_576) MiB of memory, so that \(min(byFiles, byMemory)) "
          + "connections are taken and not \(wanted): raise its memory limit, or lower SERVER_MAX_CONNECTIONS"
      )
    }
  }
}
