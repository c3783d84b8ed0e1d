import Foundation
import Subprocess
import Time

/// Key sets and tokens made by `make_tokens.py`, a signer that shares no code with what is tested. Made once per run,
/// with the Python of `GATEWAY_TEST_PYTHON` or else `python3`; it needs joserfc and cryptography.
struct SignedTokens: Decodable {
  private let jwks: [String: String]
  private let tokens: [String: String]
  let junkCount: Int
  let unknownKeyIDs: [String]

  /// The time of day that the tokens' dates are relative to: 2026-01-15T10:20:30Z.
  static let now = Timestamp(seconds: 1_768_472_430)

  static let shared: SignedTokens = {
    do {
      return try make()
    } catch {
      fatalError("make_tokens.py failed; deploy/test prepares a Python with joserfc. \(error)")
    }
  }()

  private static func make() throws -> SignedTokens {
    let script = Bundle.module.bundleURL.appendingPathComponent("make_tokens.py")
    let python = ProcessInfo.processInfo.environment["GATEWAY_TEST_PYTHON"] ?? "python3"
    let text = try Subprocess.run([python, script.path, String(now.seconds)])
    return try JSONDecoder().decode(SignedTokens.self, from: Data(text))
  }

  func token(_ name: String) -> String {
    guard let token = tokens[name] else { fatalError("no token \(name)") }
    return token
  }

  func keySet(_ name: String) -> [UInt8] {
    guard let text = jwks[name] else { fatalError("no key set \(name)") }
    return Array(text.utf8)
  }
}
