internal import Glibc
internal import Time

/// What is asked of a token beyond a good signature. The defaults are those of the services replaced
/// (docs/contract/platform.md §1.2).
public struct TokenPolicy: Sendable {
  /// By how much clocks may differ, at `exp` and at `nbf`. Default 60 seconds.
  public var leeway: Duration = .seconds(60)
  /// Whether a token without `exp` is refused. Default false: such a token never expires.
  public var requiresExpiry = false
  /// The only accepted `iss`. Default nil: it is not looked at.
  public var issuer: String?
  /// Bytes of a token at most. Default 16,384.
  public var maximumTokenBytes = 16_384

  public init() {}
}

/// When a token may be used.
struct TokenValidity: Sendable {
  private let expiry: Timestamp
  private let notBefore: Timestamp
  /// Both with the leeway, made once: each request asks.
  private let latest: Timestamp
  private let earliest: Timestamp

  init(expiry: Timestamp?, notBefore: Timestamp?, leeway: Duration) {
    self.expiry = expiry ?? Timestamp(microseconds: .max)
    self.notBefore = notBefore ?? Timestamp(microseconds: .min)
    latest = self.expiry + leeway
    earliest = self.notBefore + (.zero - leeway)
  }

  /// - Throws: `TokenError.invalid` when `now` is after `exp` and the leeway, or before `nbf` less the leeway.
  func check(at now: Timestamp) throws(TokenError) {
    if now > latest { throw .undecodable("Jwt expired at \(expiry.utcText)") }
    if now < earliest { throw .undecodable("Jwt used before \(notBefore.utcText)") }
  }
}

extension Timestamp {
  /// The instant to the second, as in `2026-01-15T10:20:30Z` (RFC 3339).
  var utcText: String {
    var time = time_t(seconds)
    var parts = tm()
    gmtime_r(&time, &parts)
    func text(_ value: Int32, digits: Int) -> String {
      let text = String(value)
      return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
    let date = [
      text(parts.tm_year + 1900, digits: 4), text(parts.tm_mon + 1, digits: 2),
      text(parts.tm_mday, digits: 2),
    ]
    let hour = [parts.tm_hour, parts.tm_min, parts.tm_sec].map { text($0, digits: 2) }
    return "\(date.joined(separator: "-"))T\(hour.joined(separator: ":"))Z"
  }
}
