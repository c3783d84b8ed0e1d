internal import EventLoops
internal import HTTPTransport
internal import HTTPTypes
internal import Logging
internal import ModuleKit
internal import ServiceKit
internal import Time

/// Looks at everything a gateway of a configuration needs, changes nothing, and says what is wrong and what to do.
struct Doctor: Sendable {
  let configuration: Configuration
  let group: EventLoopGroup
  let clock: any WallClock
  let logger: Logger
  /// Where a gateway of this configuration is known to run; nil when it is not known.
  var runningAt: HTTPURL?

  /// How long one look may take.
  static let patience = Duration.seconds(10)

  /// The reading of the clock that looks are timed by.
  func now() -> MonotonicInstant { group.now() }

  /// Everything, in the order in which a gateway starts.
  func examine() async -> [Finding] {
    var findings = files() + templates()
    findings += await databases()
    findings += await upstreams()
    findings += await broker()
    if let runningAt { findings.append(await running(runningAt)) } else { findings += await ports() }
    return findings
  }

  /// Certificates, and the rules of London's clocks.
  private func files() -> [Finding] {
    var findings: [Finding] = []
    do {
      _ = try LondonTime()
    } catch {
      findings.append(Finding(.fail, "time zones", "\(error)", advice: "install the package tzdata"))
    }
    if let files = configuration.server.tlsFiles { findings.append(certificate(files)) }
    if let file = configuration.upstreams.trustedCertificatesFile {
      do {
        _ = try TLSContext(trustedCertificatesFile: file)
        findings.append(Finding(.ok, "certificates", "trusted authorities in \(file)"))
      } catch {
        findings.append(
          Finding(
            .fail,
            "certificates",
            "\(error)",
            advice: "set \(SettingsCatalog.upstreamCertificates.name) to a readable PEM file, or leave it out"
          )
        )
      }
    }
    return findings
  }

  private func certificate(_ files: (certificate: String, privateKey: String)) -> Finding {
    let area = "certificates"
    do {
      _ = try TLSContext(certificateFile: files.certificate, privateKeyFile: files.privateKey)
      let end = try CertificateFile.earliestExpiry(of: files.certificate)
      let days = (end.seconds - clock.now().seconds) / 86_400
      let text = "the server's certificate is good until \(end.instantText)"
      if end < clock.now() {
        return Finding(
          .fail,
          area,
          "the server's certificate ended at \(end.instantText)",
          advice: "renew it"
        )
      }
      return days < 14
        ? Finding(.warn, area, "\(text): \(days) days", advice: "renew it, then send the server SIGHUP")
        : Finding(.ok, area, text)
    } catch {
      return Finding(
        .fail,
        area,
        "\(error)",
        advice: "correct \(SettingsCatalog.tlsCertificate.name) and \(SettingsCatalog.tlsPrivateKey.name)"
      )
    }
  }

  /// The templates of subject access requests, against what is said to be registered.
  private func templates() -> [Finding] {
    configuration.modules.compactMap { module in
      guard let text = module.subjectAccessText else { return nil }
      let area = "templates"
      guard let difference = module.templateDifference else {
        return Finding(.ok, area, "\(module.name): \(text.summary)")
      }
      return Finding(
        .fail,
        area,
        "\(module.name): \(difference)",
        advice:
          "no report is made for anybody until the text that is served is registered, or the registered one served"
      )
    }
  }

  // MARK: Ports

  private func running(_ url: HTTPURL) async -> Finding {
    let client = HTTPClient(group: group)
    let result: Result<ClientResponse, any Error>
    do {
      let request = ClientRequest(method: .get, url: url.path("/health"))
      result = .success(try await client.send(request, deadline: now() + Self.patience))
    } catch {
      result = .failure(error)
    }
    await client.shutdown()
    do {
      let answer = try result.get()
      guard answer.status == .ok else {
        return Finding(
          .warn,
          "ports",
          "/health of the gateway at \(url) answers \(answer.status.code)",
          advice: "GET \(url.path("/health")) tells which component is down"
        )
      }
      return Finding(.ok, "ports", "the gateway answers at \(url), and is healthy")
    } catch {
      return Finding(.fail, "ports", "the gateway at \(url): \(error)", advice: "look at its log")
    }
  }

  private func ports() async -> [Finding] {
    var findings = [
      await port(configuration.server.port, setting: SettingsCatalog.serverPort.name, purpose: "the API")
    ]
    if let metrics = configuration.observability.metricsPort {
      findings.append(await port(metrics, setting: SettingsCatalog.metricsPort.name, purpose: "metrics"))
    }
    return findings
  }

  private func port(_ port: UInt16, setting: String, purpose: String) async -> Finding {
    let host = configuration.server.host
    guard let address = configuration.server.address(port: port) else {
      return Finding(
        .fail,
        "ports",
        "\(host) is not a numeric address",
        advice: "set \(SettingsCatalog.serverHost.name)"
      )
    }
    let server = HTTPServer(
      configuration: HTTPServerConfiguration(),
      tls: nil,
      group: group,
      logger: logger,
      responder: { _ in ServerResponse(status: .serviceUnavailable) }
    )
    do {
      _ = try await server.start(address: address)
      await server.shutdown(within: .zero)
      return Finding(.ok, "ports", "\(address) is free for \(purpose)")
    } catch {
      await server.shutdown(within: .zero)
      return Finding(
        .warn,
        "ports",
        "\(address) cannot be used for \(purpose): \(error)",
        advice: "fine if the gateway itself runs there; otherwise stop the other program, or set \(setting)"
      )
    }
  }
}
