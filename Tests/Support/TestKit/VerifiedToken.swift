import Foundation
import Subprocess
import Testing

/// What an independent implementation reads in a token, once it has verified it.
public struct VerifiedToken {
  public let header: [String: Any]
  public let claims: [String: Any]

  /// - Throws: when joserfc refuses the token.
  public init(_ token: String, keySet: String) throws {
    let input = #"{"jwks":\#(keySet),"token":"\#(token)"}"#
    let python = ProcessInfo.processInfo.environment["GATEWAY_TEST_PYTHON"] ?? "python3"
    let script = Bundle.module.bundleURL.appendingPathComponent("verify_token.py").path
    let result = try Subprocess.ended([python, script], input: Array(input.utf8), withErrors: true)
    let text = String(decoding: result.output, as: UTF8.self)
    try #require(result.ending == .exited(0), "\(text); deploy/test prepares a Python with joserfc")
    let object = try JSONSerialization.jsonObject(with: Data(result.output))
    let parts = try #require(object as? [String: [String: Any]])
    header = try #require(parts["header"])
    claims = try #require(parts["claims"])
  }
}
