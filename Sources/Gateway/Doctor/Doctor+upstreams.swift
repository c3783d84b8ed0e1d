internal import Crypto
internal import EventLoops
internal import HTTPTransport
internal import HTTPTypes
internal import JSON
internal import ServiceKit
internal import SharedAuth
internal import Time

extension Doctor {
  private static let area = "upstreams"

  /// Whether the services that the gateway calls answer, give it tokens, and take them.
  func upstreams(_ urls: UpstreamURLs) async -> [Finding] {
    let client: HTTPClient
    let keysClient: HTTPClient
    do {
      let tls = try urls.clientTLS(configuration.upstreams)
      client = HTTPClient(group: group, configuration: configuration.upstreams.clientConfiguration, tls: tls)
      keysClient = HTTPClient(
        group: group,
        configuration: configuration.upstreams.keysClientConfiguration,
        tls: tls
      )
    } catch {
      return [Finding(.fail, Self.area, "\(error)", advice: "install the package ca-certificates")]
    }
    let upstreams = configuration.upstreams
    let patients = configuration.restrictedPatients
    var findings = [
      await ping("HMPPS Auth", urls.oauth, SettingsCatalog.oauthBase, client),
      await keys(urls.oauth, keysClient),
      await ping("prisoner search", urls.prisonerSearch, SettingsCatalog.prisonerSearchBase, client),
      await ping("prison API", urls.prisonAPI, SettingsCatalog.prisonAPIBase, client),
    ]
    let search = ClientRequest(
      method: .post,
      url: urls.prisonerSearch.path(
        "/prisoner-search/prisoner-numbers",
        query: [("responseFields", "prisonerNumber")]
      ),
      fields: [.contentType: "application/json"],
      // Nobody's number: the answer is empty wherever one is.
      body: Array(#"{"prisonerNumbers":["A0000AA"]}"#.utf8)
    )
    var own = UpstreamTokensConfiguration(
      clientID: upstreams.nonAssociationsClientID,
      clientSecret: Secret(upstreams.nonAssociationsClientSecret)
    )
    findings += await tokens(
      own,
      SettingsCatalog.nonAssociationsClientID,
      urls.oauth,
      client,
      trying: [("prisoner search", search)]
    )
    own = UpstreamTokensConfiguration(
      clientID: patients.clientID,
      clientSecret: Secret(patients.clientSecret),
      scope: "write"
    )
    let agencies = ClientRequest(method: .get, url: urls.prisonAPI.path("/api/agencies/type/INST"))
    findings += await tokens(
      own,
      SettingsCatalog.restrictedPatientsClientID,
      urls.oauth,
      client,
      trying: [("prisoner search", search), ("prison API", agencies)]
    )
    await client.shutdown()
    await keysClient.shutdown()
    return findings
  }

  private func ping(_ name: String, _ base: HTTPURL, _ setting: Setting, _ client: HTTPClient) async
    -> Finding
  {
    let url = base.path("/health/ping")
    let advice = "check \(setting.name), the network, and whether it is up"
    do {
      let answer = try await client.send(
        ClientRequest(method: .get, url: url),
        deadline: .now() + Self.patience
      )
      guard answer.status.kind == .successful else {
        return Finding(.fail, Self.area, "\(name): \(url) was answered \(answer.status.code)", advice: advice)
      }
      return Finding(.ok, Self.area, "\(name) answers at \(base)")
    } catch {
      return Finding(.fail, Self.area, "\(name): \(error)", advice: advice)
    }
  }

  /// Without its keys no caller's token can be checked.
  private func keys(_ base: HTTPURL, _ client: HTTPClient) async -> Finding {
    let url = base.path("/.well-known/jwks.json")
    let advice = "check \(SettingsCatalog.oauthBase.name): it ends in /auth"
    do {
      let answer = try await client.send(
        ClientRequest(method: .get, url: url),
        deadline: .now() + Self.patience
      )
      guard answer.status == .ok, case .object(let members) = try JSONValue(parsing: answer.body),
        case .array(let keys)? = members["keys"], !keys.isEmpty
      else {
        return Finding(
          .fail,
          Self.area,
          "\(url) was answered \(answer.status.code), and no keys: no caller's token can be checked",
          advice: advice
        )
      }
      return Finding(.ok, Self.area, "HMPPS Auth publishes \(keys.count) \(keys.count == 1 ? "key" : "keys")")
    } catch {
      return Finding(.fail, Self.area, "\(url): \(error)", advice: advice)
    }
  }

  /// Asks for a token as one module does, and tries it where the module uses it.
  private func tokens(
    _ own: UpstreamTokensConfiguration,
    _ setting: Setting,
    _ issuer: HTTPURL,
    _ client: HTTPClient,
    trying requests: [(name: String, request: ClientRequest)]
  ) async -> [Finding] {
    let tokens = UpstreamTokens(configuration: own, logger: logger, client: client, issuer: issuer)
    let token: String
    do {
      token = try await tokens.token(deadline: .now() + Self.patience)
    } catch {
      return [
        Finding(
          .fail,
          Self.area,
          "no token for the client \(own.clientID): \(error.text)",
          advice: "check \(setting.name) and its secret, and that HMPPS Auth knows the client"
        )
      ]
    }
    var findings = [Finding(.ok, Self.area, "HMPPS Auth gives the client \(own.clientID) tokens")]
    for (name, request) in requests {
      var request = request
      request.fields[.authorization] = "Bearer \(token)"
      do {
        let answer = try await client.send(request, deadline: .now() + Self.patience)
        switch answer.status.code {
        case 200..<300:
          findings.append(Finding(.ok, Self.area, "\(name) takes them"))
        case 401, 403:
          findings.append(
            Finding(
              .fail,
              Self.area,
              "\(name) refuses the tokens of \(own.clientID) with \(answer.status.code)",
              advice:
                "the client needs its roles: PRISONER_SEARCH for prisoner search, VIEW_PRISONER_DATA and "
                + "INACTIVE_BOOKINGS for prison API"
            )
          )
        case let code:
          findings.append(
            Finding(
              .fail,
              Self.area,
              "\(name) answers \(code) to \(own.clientID)",
              advice: "is it the right service, and the right base URL?"
            )
          )
        }
      } catch {
        findings.append(Finding(.fail, Self.area, "\(name): \(error)", advice: "see the line of its ping"))
      }
    }
    return findings
  }
}
