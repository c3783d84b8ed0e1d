internal import HTTPTransport

extension SampleClient {
  /// Where browsers may be sent back to: this machine, whatever the port.
  private static let redirectPrefixes = ["http://localhost", "http://127.0.0.1", "http://[::1]"]

  /// Whether users who signed in or out for this client may be sent there.
  func allowsRedirect(to uri: String) -> Bool {
    guard signsUsersIn, (try? HTTPURL(uri)) != nil else { return false }
    return Self.redirectPrefixes.contains { prefix in
      guard uri.hasPrefix(prefix) else { return false }
      var rest = uri.dropFirst(prefix.count)
      if rest.first == ":" { rest = rest.dropFirst().drop { $0.isASCII && $0.isNumber } }
      return rest.isEmpty || rest.first == "/" || rest.first == "?"
    }
  }
}
