public import Testing
import Time

/// Waits until `condition` holds, for what nobody tells of. If it does not in time, the test fails where it waits and says
/// what for.
/// - Parameters:
///   - claim: what is waited for; made only when it is to be told.
///   - limit: long enough for a machine under load, unless the time itself is what is tested.
public func eventually(
  _ claim: @autoclosure () -> Comment,
  within limit: Duration = .seconds(30),
  sourceLocation: SourceLocation = #_sourceLocation,
  _ condition: () async throws -> Bool
) async throws {
  let end = MonotonicInstant.now() + limit
  while try await !condition() {
    let isLate = MonotonicInstant.now() >= end
    try #require(!isLate, "not within \(limit): \(claim())", sourceLocation: sourceLocation)
    try await Task.sleep(for: .milliseconds(2))
  }
}
