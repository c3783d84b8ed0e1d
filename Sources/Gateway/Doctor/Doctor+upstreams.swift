internal import Crypto
internal import HTTPTransport
internal import HTTPTypes
internal import JSON
internal import ModuleKit
internal import ServiceKit
internal import SharedAuth
internal import Time

extension Doctor {
  private static let area = "upstreams"

  /// Whether the services that the gateway calls answer, give it tokens, and take them.
  func upstreams() async -> [Finding] {
    let client: HTTPClient
    let keysClient: HTTPClient
    do {
      let tls = try configuration.clientTLS()
      client = HTTPClient(group: group, configuration: configuration.upstreams.clientConfiguration, tls: tls)
      keysClient = HTTPClient(
        group: group,
        configuration: configuration.upstreams.keysClientConfiguration,
        tls: tls
      )
    } catch {
      return [Finding(.fail, Self.area, "\(error)", advice: "install the package ca-certificates")]
    }
    var findings = [
      await ping("HMPPS Auth", configuration.auth, .auth, client), await keys(configuration.auth, keysClient),
    ]
    var seen: Set<HTTPURL> = [configuration.auth]
    for module in configuration.modules {
      for upstream in module.manifest.upstreams {
        guard let base = module.upstreams[upstream.id], seen.insert(base).inserted else { continue }
        findings.append(await ping(upstream.title, base, upstream.base, client))
      }
    }
    for module in configuration.modules { findings += await tokens(of: module, client) }
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
        deadline: now() + Self.patience
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
    let advice = "check \(Setting.auth.name): it ends in /auth"
    do {
      let answer = try await client.send(
        ClientRequest(method: .get, url: url),
        deadline: now() + Self.patience
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
  private func tokens(of module: ModuleConfiguration, _ client: HTTPClient) async -> [Finding] {
    let own = UpstreamTokensConfiguration(
      clientID: module.clientID,
      clientSecret: Secret(module.clientSecret),
      scope: module.manifest.tokenScope
    )
    let tokens = UpstreamTokens(configuration: own, logger: logger, client: client, issuer: module.auth)
    let token: String
    do {
      token = try await tokens.token(deadline: now() + Self.patience)
    } catch {
      return [
        Finding(
          .fail,
          Self.area,
          "no token for the client \(own.clientID): \(error.text)",
          advice:
            "check \(module.manifest.settings.clientID.name) and its secret, and that HMPPS Auth knows the client"
        )
      ]
    }
    var findings = [Finding(.ok, Self.area, "HMPPS Auth gives the client \(own.clientID) tokens")]
    for upstream in module.manifest.upstreams {
      guard let base = module.upstreams[upstream.id] else { continue }
      findings.append(await trying(token, of: own.clientID, upstream, at: base, client))
    }
    return findings
  }

  private func trying(
    _ token: String,
    of clientID: String,
    _ upstream: UpstreamDeclaration,
    at base: HTTPURL,
    _ client: HTTPClient
  ) async -> Finding {
    let probe = upstream.probe
    var request = ClientRequest(
      method: probe.body == nil ? .get : .post,
      url: base.path(probe.path, query: probe.query),
      fields: probe.body == nil ? [:] : [.contentType: "application/json"],
      body: Array((probe.body ?? "").utf8)
    )
    request.fields[.authorization] = "Bearer \(token)"
    let name = upstream.title
    do {
      let answer = try await client.send(request, deadline: now() + Self.patience)
      switch answer.status.code {
      case 200..<300: return Finding(.ok, Self.area, "\(name) takes them")
      case 401, 403:
        return Finding(
          .fail,
          Self.area,
          "\(name) refuses the tokens of \(clientID) with \(answer.status.code)",
          advice: "the client needs its roles: \(probe.roles) for \(name)"
        )
      case let code:
        return Finding(
          .fail,
          Self.area,
          "\(name) answers \(code) to \(clientID)",
          advice: "is it the right service, and the right base URL?"
        )
      }
    } catch {
      return Finding(.fail, Self.area, "\(name): \(error)", advice: "see the line of its ping")
    }
  }
}
