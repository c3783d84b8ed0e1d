internal import Crypto
internal import Synchronization
internal import Time

/// Codes that a browser carries from the sign-in page to a front end (RFC 6749 §4.1.2): each good once, for two
/// minutes, for the client and the redirect URI that it was made for.
final class AuthorizationCodes: Sendable {
  /// What a code stands for.
  struct Grant: Sendable {
    var user: SampleUser
    var clientID: String
    var redirectURI: String
    /// Of the token that the code is changed into.
    var tokenLifetime: Duration
  }

  private struct Entry {
    var grant: Grant
    var expiry: Timestamp
  }

  static let lifetime = Duration.seconds(120)
  /// More than that at once, and the oldest go.
  private static let limit = 1000

  private let clock: any WallClock
  private let entries: Mutex<[String: Entry]> = Mutex([:])

  init(clock: any WallClock) { self.clock = clock }

  func make(_ grant: Grant) -> String {
    var generator = SystemRandomNumberGenerator()
    let code = Base64URL.encode((0..<24).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
    let now = clock.now()
    entries.withLock { entries in
      entries = entries.filter { $0.value.expiry > now }
      if entries.count >= Self.limit, let oldest = entries.min(by: { $0.value.expiry < $1.value.expiry }) {
        entries[oldest.key] = nil
      }
      entries[code] = Entry(grant: grant, expiry: now + Self.lifetime)
    }
    return code
  }

  /// What a code stands for; nil if there is no such code, or it is not for this client and redirect URI. Whatever the
  /// answer, the code is used up.
  func use(_ code: String, clientID: String, redirectURI: String) -> Grant? {
    let now = clock.now()
    let entry = entries.withLock { $0.removeValue(forKey: code) }
    guard let entry, entry.expiry > now, entry.grant.clientID == clientID,
      entry.grant.redirectURI == redirectURI
    else { return nil }
    return entry.grant
  }
}
