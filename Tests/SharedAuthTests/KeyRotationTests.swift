import Foundation
import TestKit
import Testing
import Time

@testable import SharedAuth

/// 401 says that a token is bad. While that cannot be known, because the last fetch of keys failed or none may begin yet,
/// the answer is that it may come again (RFC 6750 §3.1, docs/contract/platform.md §13 row 3).
@Suite struct KeyRotationTests {
  private func strangers(_ issuer: Issuer, _ count: Int = 1) async throws -> [Result<Principal, TokenError>] {
    var outcomes: [Result<Principal, TokenError>] = []
    for token in SignedTokens.shared.unknownKeyIDs.shuffled().prefix(count) {
      outcomes.append(try await issuer.verify(field: "Bearer " + token))
    }
    return outcomes
  }

  @Test(
    "A new key's token is asked to come again while the endpoint fails, and is good as soon as it is back"
  )
  func endpointFails() async throws {
    let issuer = Issuer("a")
    #expect(try await issuer.verify("good").isSuccess)
    issuer.monotonic.advance(by: .seconds(60))
    issuer.endpoint.serve(nil)
    for _ in 0..<3 {
      for _ in 0..<5 {
        #expect(try await issuer.verify("signedByB") == .failure(.keysUnavailable(retryAfter: 5)))
      }
      issuer.monotonic.advance(by: .seconds(5))
    }
    #expect(issuer.endpoint.fetches == 4)
    issuer.endpoint.serve("aAndB")
    #expect(try await issuer.verify("signedByB").isSuccess)
    #expect(try await issuer.verify("good").isSuccess)
  }

  @Test(
    "A stranger's token does not make a new key unknown: who comes next is asked to come again, and then is good"
  )
  func strangersFetch() async throws {
    let issuer = Issuer("a")
    #expect(try await issuer.verify("good").isSuccess)
    issuer.monotonic.advance(by: .seconds(60))
    #expect(try await strangers(issuer) == [.failure(.noMatchingKey)])
    issuer.endpoint.serve("aAndB")
    issuer.monotonic.advance(by: .milliseconds(1500))
    #expect(try await issuer.verify("signedByB") == .failure(.keysUnavailable(retryAfter: 4)))
    issuer.monotonic.advance(by: .milliseconds(3500))
    // Whoever comes first then, the keys are fetched, in the background too.
    #expect(try await issuer.verify("good").isSuccess)
    try await eventually("the new key is there") { issuer.jwks.status.usableKeys == 2 }
    #expect(try await issuer.verify("signedByB").isSuccess)
    #expect(issuer.endpoint.fetches == 3)
  }

  @Test("A fetch that was in flight when the token came says nothing against its key")
  func underWay() async throws {
    let issuer = Issuer("a")
    #expect(try await issuer.verify("good").isSuccess)
    issuer.monotonic.advance(by: .seconds(60))
    issuer.endpoint.hold()
    let stranger = Task { try await strangers(issuer) }
    try await eventually("a fetch is in flight") { issuer.endpoint.waiting == 1 }
    issuer.monotonic.advance(by: .seconds(1))
    let genuine = Task { try await issuer.verify("signedByB") }
    try await eventually("both wait") { issuer.monotonic.timers == 2 }
    // The endpoint answers with what it had.
    issuer.endpoint.release()
    #expect(try await stranger.value == [.failure(.noMatchingKey)])
    #expect(try await genuine.value.isUnknown)
    issuer.endpoint.serve("aAndB")
    issuer.monotonic.advance(by: .seconds(4))
    #expect(try await issuer.verify("signedByB").isSuccess)
  }

  @Test("A token without a kid is good after one fetch, and unknown rather than bad until then")
  func withoutKeyID() async throws {
    let issuer = Issuer("a")
    #expect(try await issuer.verify("good").isSuccess)
    issuer.endpoint.serve("aAndB")
    issuer.monotonic.advance(by: .seconds(1))
    #expect(try await issuer.verify("signedByBWithoutKeyID").isUnknown)
    issuer.monotonic.advance(by: .seconds(4))
    #expect(try await issuer.verify("signedByBWithoutKeyID").isSuccess)
    #expect(try await issuer.verify("strangerWithoutKeyID") == .failure(.invalidSignature))
  }

  @Test("A new key under the old name is good after one fetch; a bad signature is unknown while fetches fail")
  func sameName() async throws {
    let issuer = Issuer("a")
    #expect(try await issuer.verify("good").isSuccess)
    issuer.monotonic.advance(by: .seconds(6))
    issuer.endpoint.serve(nil)
    for _ in 0..<3 { #expect(try await issuer.verify("signedByBNamedA").isUnknown) }
    #expect(issuer.endpoint.fetches == 2)
    issuer.endpoint.serve("bNamedA")
    issuer.monotonic.advance(by: .seconds(5))
    #expect(try await issuer.verify("signedByBNamedA").isSuccess)
    #expect(try await issuer.verify("good") == .failure(.invalidSignature))
  }

  @Test(
    "Whatever the endpoint and strangers do, no genuine token is refused, and one fetch begins in five seconds at most",
    arguments: 1...12
  )
  func anything(seed: UInt64) async throws {
    var generator = Xorshift(state: seed &* 0x9E37_79B9_7F4A_7C15)
    var configuration = JWKSCacheConfiguration()
    configuration.fetchTimeout = .milliseconds(30)
    let issuer = Issuer("a", configuration: configuration)
    #expect(try await issuer.verify("good").isSuccess)
    var published = "a"
    // Time passes while the endpoint keeps somebody waiting.
    let passing = Task {
      while !Task.isCancelled {
        if issuer.endpoint.waiting > 0, issuer.monotonic.timers > 0 {
          issuer.monotonic.advance(by: .milliseconds(30))
        }
        try? await Task.sleep(for: .milliseconds(1))
      }
    }
    defer { passing.cancel() }
    for step in 0..<120 {
      switch Int.random(in: 0..<10, using: &generator) {
      case 0: issuer.endpoint.serve(nil)
      case 1: issuer.endpoint.hold()
      case 2, 3:
        issuer.endpoint.release()
        issuer.endpoint.serve(published)
      case 4:
        published = published == "a" ? "aAndB" : published == "aAndB" ? "b" : "aAndB"
        issuer.endpoint.serve(published)
        // Nobody signs with a key in the instant in which it is published.
        issuer.monotonic.advance(by: .milliseconds(1))
      case 5, 6: issuer.monotonic.advance(by: .milliseconds(Int64.random(in: 0...6000, using: &generator)))
      case 7:
        for outcome in try await strangers(issuer, 3) { #expect(!outcome.isSuccess) }
      default: break
      }
      let genuine = published == "a" ? ["good"] : published == "b" ? ["signedByB"] : ["good", "signedByB"]
      for name in genuine {
        let outcome = try await issuer.verify(name)
        #expect(
          outcome.isSuccess || outcome.isUnknown,
          "seed \(seed), step \(step), \(published): \(outcome)"
        )
      }
    }
    passing.cancel()
    await passing.value
    let begun = issuer.endpoint.begun
    #expect(begun.count > 2)
    for (former, next) in zip(begun, begun.dropFirst()) { #expect(next >= former + .seconds(5)) }
    // However it went: well again, and everything is good within one interval.
    issuer.endpoint.release()
    issuer.endpoint.serve("aAndB")
    issuer.monotonic.advance(by: .seconds(6))
    for name in ["good", "signedByB"] { #expect(try await issuer.verify(name).isSuccess) }
  }

  private struct Xorshift: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return state
    }
  }

  @Test("A key set with a byte order mark, padding and the plain alphabet is as good as a strict one")
  func lenientSets() async throws {
    let strict = String(decoding: SignedTokens.shared.keySet("a"), as: UTF8.self)
    let modulus = try #require(strict.firstMatch(of: /"n": ?"([^"]+)"/)?.1)
    let padded = String(modulus) + String(repeating: "=", count: (4 - modulus.count % 4) % 4)
    let plain = padded.replacing("-", with: "+").replacing("_", with: "/")
    for text in [
      "\u{FEFF}" + strict, strict.replacing(modulus, with: padded), strict.replacing(modulus, with: plain),
    ] {
      let issuer = Issuer()
      issuer.endpoint.serve(text: text)
      #expect(try await issuer.verify("good").isSuccess)
    }
    #expect(padded != modulus)
  }
}
