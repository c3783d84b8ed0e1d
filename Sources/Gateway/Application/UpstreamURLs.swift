internal import EventLoops
internal import HTTPTransport

/// The addresses of the services the gateway calls, checked once.
struct UpstreamURLs {
  let oauth: HTTPURL
  let prisonerSearch: HTTPURL
  let prisonAPI: HTTPURL

  /// - Throws: `ConfigurationError` naming each that is not a URL.
  init(_ configuration: Configuration) throws(ConfigurationError) {
    let upstreams = configuration.upstreams
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
    let prisonAPI = url("API_BASE_URL_PRISON_API", configuration.restrictedPatients.prisonAPIBase)
    guard let oauth, let search, let prisonAPI else { throw ConfigurationError(problems: problems) }
    self.oauth = oauth
    prisonerSearch = search
    self.prisonAPI = prisonAPI
  }

  /// Trust for HTTPS upstreams; nil when none of them uses HTTPS.
  /// - Throws: `StreamError.tls` when the trusted certificates cannot be loaded.
  func clientTLS(_ upstreams: Configuration.Upstreams) throws(StreamError) -> TLSContext? {
    guard [oauth, prisonerSearch, prisonAPI].contains(where: { $0.scheme == .https }) else { return nil }
    return try TLSContext(trustedCertificatesFile: upstreams.trustedCertificatesFile)
  }
}

extension Configuration.Upstreams {
  /// How clients call them.
  var clientConfiguration: HTTPClientConfiguration {
    var configuration = HTTPClientConfiguration()
    configuration.proxy = proxy
    return configuration
  }

  /// How the issuer is asked for its keys: not by the proxy, as the replaced services did, unless that is asked for.
  var keysClientConfiguration: HTTPClientConfiguration {
    proxiesKeys ? clientConfiguration : HTTPClientConfiguration()
  }
}
