import Foundation

/// A folder that is gone when the test is over. It lies where every user can reach it: under `TMPDIR`, which deploy/test
/// sets and removes, or `/tmp`.
public final class TemporaryFolder: Sendable {
  public let path: String

  public init(named suffix: String = "") throws {
    let parent = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
    path = "\(parent)/gateway-test-\(UUID().uuidString.prefix(8))\(suffix)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}
