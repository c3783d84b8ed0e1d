public import Testing

/// Waits until `condition` holds, and fails if it does not within ten seconds.
public func eventually(
  _ claim: Comment,
  sourceLocation: SourceLocation = #_sourceLocation,
  _ condition: () async throws -> Bool
) async throws {
  let end = ContinuousClock.now + .seconds(10)
  while try await !condition() {
    try #require(ContinuousClock.now < end, claim, sourceLocation: sourceLocation)
    try await Task.sleep(for: .milliseconds(2))
  }
}
