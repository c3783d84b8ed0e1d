import EventLoops
import TestKit
import Testing

@testable import SharedAuth

/// When keys are fetched, and what happens when they cannot be (docs/contract/platform.md §1.3, §13 rows 1 to 3).
@Suite struct JWKSCacheTests {
  private func isGood(_ issuer: Issuer, _ name: String = "good") async throws -> Bool {
    (try await issuer.verify(name)).isSuccess
  }

  @Test("Keys are fetched for the first token, not before, and then kept")
  func firstNeed() async throws {
    let issuer = Issuer()
    #expect(try await issuer.verify(field: nil) == .failure(.missing))
    #expect(try await issuer.verify("noneSigned") != .failure(.missing))
    #expect(issuer.endpoint.fetches == 0)
    for name in ["good", "signedByB", "user"] { #expect(try await isGood(issuer, name)) }
    #expect(issuer.endpoint.fetches == 1)
  }

  @Test("A token signed by a new key is accepted after one fetch")
  func rotation() async throws {
    let issuer = Issuer("a")
    #expect(try await isGood(issuer))
    issuer.endpoint.serve("aAndB")
    issuer.monotonic.advance(by: .seconds(5))
    #expect(try await isGood(issuer, "signedByB"))
    #expect(try await isGood(issuer))
    #expect(issuer.endpoint.fetches == 2)
  }

  @Test("A hundred tokens with unknown key names cost one fetch for each interval")
  func unknownKeyIDs() async throws {
    let issuer = Issuer()
    #expect(try await isGood(issuer))
    for round in 1...3 {
      issuer.monotonic.advance(by: .seconds(5))
      let refused = try await withThrowingTaskGroup(of: Bool.self) { group in
        for token in SignedTokens.shared.unknownKeyIDs {
          group.addTask { try await issuer.verify(field: "Bearer " + token) == .failure(.noMatchingKey) }
        }
        return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
      }
      #expect(refused == 100)
      #expect(issuer.endpoint.fetches == 1 + round)
    }
    #expect(try await isGood(issuer))
  }

  @Test("Tokens that come while keys are fetched share the fetch")
  func oneFetch() async throws {
    let issuer = Issuer()
    issuer.endpoint.hold()
    let all = Task {
      try await withThrowingTaskGroup(of: Bool.self) { group in
        for _ in 0..<50 { group.addTask { try await isGood(issuer) } }
        return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
      }
    }
    try await eventually("a fetch is in flight") { issuer.endpoint.waiting == 1 }
    issuer.endpoint.release()
    #expect(try await all.value == 50)
    #expect(issuer.endpoint.fetches == 1)
  }

  @Test(
    "An endpoint that is down or talks nonsense leaves the keys as they are",
    arguments: [nil, "", "{", "[]", "{\"keys\":{}}", "notASet", "empty", "junk"]
  )
  func nonsense(_ answer: String?) async throws {
    let issuer = Issuer("a")
    #expect(try await isGood(issuer))
    switch answer {
    case nil, "notASet", "empty", "junk": issuer.endpoint.serve(answer)
    case let text?: issuer.endpoint.serve(text: text)
    }
    issuer.monotonic.advance(by: .seconds(5))
    #expect(try await issuer.verify("unknownKeyID").isUnknown)
    #expect(issuer.jwks.status.failedFetches == 1)
    #expect(try await isGood(issuer))
    #expect(try await isGood(issuer, "user"), "a token not seen before")
    issuer.endpoint.serve("aAndB")
    issuer.monotonic.advance(by: .seconds(5))
    #expect(try await isGood(issuer, "signedByB"))
  }

  @Test("Without any keys the answer is 503, and the next try comes soon")
  func neverHadKeys() async throws {
    let issuer = Issuer(nil)
    #expect(try await issuer.verify("good").isUnknown)
    #expect(try await issuer.verify("good").isUnknown)
    #expect(issuer.endpoint.fetches == 1)
    issuer.endpoint.serve("a")
    issuer.monotonic.advance(by: .seconds(1))
    #expect(try await isGood(issuer))
  }

  @Test("A request waits for keys no longer than the fetch may take, even if it never ends")
  func hangs() async throws {
    var configuration = JWKSCacheConfiguration()
    configuration.fetchTimeout = .milliseconds(20)
    let issuer = Issuer(configuration: configuration)
    issuer.endpoint.hold()
    func verify() async throws -> Bool {
      let request = Task { try await issuer.verify("good") }
      try await eventually("it waits for keys") { issuer.monotonic.timers == 1 }
      issuer.monotonic.advance(by: configuration.fetchTimeout)
      return try await request.value.isUnknown
    }
    #expect(try await verify())
    #expect(try await verify())
    #expect(issuer.endpoint.fetches == 1)
    issuer.monotonic.advance(by: .seconds(2))
    #expect(try await verify())
    #expect(issuer.endpoint.fetches == 2, "the fetch that never ends is replaced")
    issuer.endpoint.release()
  }

  @Test("Old keys are refreshed in the background, while requests are answered")
  func background() async throws {
    let issuer = Issuer("a")
    #expect(try await isGood(issuer))
    issuer.monotonic.advance(by: .seconds(299))
    #expect(try await isGood(issuer))
    #expect(issuer.endpoint.fetches == 1)
    issuer.endpoint.hold()
    issuer.endpoint.serve("aAndB")
    issuer.monotonic.advance(by: .seconds(1))
    for _ in 0..<10 { #expect(try await isGood(issuer)) }
    try await eventually("one fetch is in flight") { issuer.endpoint.waiting == 1 }
    issuer.endpoint.release()
    try await eventually("the new key is there") { issuer.jwks.status.usableKeys == 2 }
    #expect(issuer.endpoint.fetches == 2)
  }

  @Test("A background refresh that fails is tried again, not at every request")
  func backgroundFails() async throws {
    let issuer = Issuer("a")
    #expect(try await isGood(issuer))
    issuer.endpoint.serve(nil)
    issuer.monotonic.advance(by: .seconds(300))
    for expected in 1...3 {
      for _ in 0..<10 { #expect(try await isGood(issuer)) }
      try await eventually("the refresh has failed") { issuer.jwks.status.failedFetches == expected }
      issuer.monotonic.advance(by: .seconds(5))
    }
  }

  @Test("Keys are read one by one: unusable ones are skipped and counted")
  func junk() async throws {
    let issuer = Issuer("junkAndA")
    #expect(try await isGood(issuer))
    #expect(issuer.jwks.status.usableKeys == 1)
    #expect(issuer.jwks.status.skippedKeys == SignedTokens.shared.junkCount)
    #expect(try await issuer.verify("signedByWeak") == .failure(.noMatchingKey))
  }

  @Test("A cancelled request stops waiting, and the fetch goes on for the others")
  func cancelled() async throws {
    let issuer = Issuer()
    issuer.endpoint.hold()
    let first = Task(executorPreference: Loops.shared.any()) {
      try? await issuer.verifier.verify(authorization: "Bearer " + SignedTokens.shared.token("good"))
    }
    try await eventually("the fetch is in flight") { issuer.endpoint.waiting == 1 }
    first.cancel()
    #expect(await first.value == nil)
    let second = Task { try await isGood(issuer) }
    issuer.endpoint.release()
    #expect(try await second.value)
    #expect(issuer.endpoint.fetches == 1)
  }
}
