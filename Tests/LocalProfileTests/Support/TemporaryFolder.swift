import Foundation
import Testing

/// A folder that is gone when the test is over. It lies where every user can reach it: under `TMPDIR`, which deploy/test
/// sets and removes, or `/tmp`.
final class TemporaryFolder {
  let path: String

  init(named suffix: String = "") throws {
    let parent = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
    path = "\(parent)/gateway-test-\(UUID().uuidString.prefix(8))\(suffix)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// Waits until `condition` holds, and fails if it does not within `limit`.
func eventually(
  _ claim: Comment,
  within limit: Duration = .seconds(20),
  sourceLocation: SourceLocation = #_sourceLocation,
  _ condition: () throws -> Bool
) async throws {
  let end = ContinuousClock.now + limit
  while try !condition() {
    try #require(ContinuousClock.now < end, claim, sourceLocation: sourceLocation)
    try await Task.sleep(for: .milliseconds(5))
  }
}
