internal import EventLoops
internal import HTTPTransport

/// The addresses of the services the gateway calls, checked once.
struct UpstreamURLs {
  let oauth: HTTPURL
  let prisonerSearch: HTTPURL

  /// - Throws: `ConfigurationError` naming each that is not a URL.
  init(_ upstreams: Configuration.Upstreams) throws(ConfigurationError) {
    var problems: [String] = []
    func url(_ name: String, _ text: String) -> HTTPURL? {
      do {
        return try HTTPURL(text)
      } catch {
        problems.append("\(name): '\(text)' is not a usable URL: \(error)")
        return nil
      }
    }
    let oauth = url("API_BASE_URL_OAUTH", upstreams.oauthBase)
    let search = url("API_BASE_URL_PRISONER_SEARCH", upstreams.prisonerSearchBase)
    guard let oauth, let search else { throw ConfigurationError(problems: problems) }
    self.oauth = oauth
    prisonerSearch = search
  }

  /// Trust for HTTPS upstreams; nil when none of them uses HTTPS.
  /// - Throws: `StreamError.tls` when the trusted certificates cannot be loaded.
  func clientTLS(_ upstreams: Configuration.Upstreams) throws(StreamError) -> TLSContext? {
    guard [oauth, prisonerSearch].contains(where: { $0.scheme == .https }) else { return nil }
    return try TLSContext(trustedCertificatesFile: upstreams.trustedCertificatesFile)
  }
}
