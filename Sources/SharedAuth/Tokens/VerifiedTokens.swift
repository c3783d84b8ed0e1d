internal import Concurrency
internal import Crypto
internal import Synchronization

/// A token that has passed every check, and what it takes to let it pass again.
struct VerifiedToken: Sendable {
  let principal: Principal
  let validity: TokenValidity
  let key: VerificationKey
  /// The generation of the key set that was last seen to hold `key`.
  var generation: Int
}

/// Tokens that have passed, by their exact bytes, so that a front end's token is verified once: a signature check costs as
/// much as many whole answers. Bounded, and open to all loops at once.
final class VerifiedTokens: Sendable {
  private final class Shard: Sendable {
    let tokens: Mutex<RecencyCache<TokenBytes, VerifiedToken>>

    init(capacity: Int) { tokens = Mutex(RecencyCache(capacity: capacity)) }
  }

  private static let shardCount = 16
  private let shards: [Shard]

  /// - Parameter capacity: tokens at most, rounded up to a multiple of 32.
  init(capacity: Int) {
    let perShard = max(2, (capacity + Self.shardCount - 1) / Self.shardCount)
    shards = (0..<Self.shardCount).map { _ in Shard(capacity: perShard) }
  }

  private func shard(of bytes: TokenBytes) -> Shard { shards[bytes.part(of: Self.shardCount)] }

  var count: Int { shards.reduce(0) { $0 + $1.tokens.withLock(\.count) } }

  func find(_ bytes: TokenBytes) -> VerifiedToken? {
    shard(of: bytes).tokens.withLock { $0.value(for: bytes) }
  }

  func remember(_ token: VerifiedToken, for bytes: TokenBytes) {
    let copied = bytes.copied
    shard(of: bytes).tokens.withLock { $0.insert(token, for: copied) }
  }

  func forget(_ bytes: TokenBytes) {
    shard(of: bytes).tokens.withLock { $0.remove(bytes) }
  }
}
