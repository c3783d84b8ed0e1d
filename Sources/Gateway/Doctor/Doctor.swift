internal import EventLoops
internal import HTTPTransport
internal import HTTPTypes
internal import Logging
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

  /// Everything, in the order in which a gateway starts.
  func examine() async -> [Finding] {
    var findings = files()
    findings += await databases()
    do {
      findings += await upstreams(try UpstreamURLs(configuration))
    } catch {
      findings += error.problems.map { Finding(.fail, "upstreams", $0, advice: "correct the setting") }
    }
    findings += await broker()
    if let runningAt { findings.append(await running(runningAt)) } else { findings += await ports() }
    return findings
  }

  /// What was wrong before a configuration could be made of the settings.
  /// - Parameter reader: after the configuration was read from it.
  static func settings(_ reader: SettingsReader) -> [Finding] {
    var findings = reader.problems.map { Finding(.fail, "configuration", $0) }
    if !findings.isEmpty {
      findings.append(
        Finding(
          .fail,
          "configuration",
          "nothing else can be looked at",
          advice:
            "set these in the environment or in the file of --config (gateway config shows what is in force); "
            + "gateway serve --profile all-in-one needs none of them"
        )
      )
    }
    findings += reader.unknownNames().map {
      Finding(
        .warn,
        "configuration",
        "\($0) is set, but nothing reads it",
        advice: "a spelling mistake? gateway config lists the names; remove it if it is not needed"
      )
    }
    findings += reader.ineffectiveSettings().map { name, reason in
      Finding(.warn, "configuration", "\(name) has no effect", advice: reason)
    }
    if findings.isEmpty { findings = [Finding(.ok, "configuration", "complete")] }
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

  // MARK: Ports

  private func running(_ url: HTTPURL) async -> Finding {
    let client = HTTPClient(group: group)
    let result: Result<ClientResponse, any Error>
    do {
      let request = ClientRequest(method: .get, url: url.path("/health"))
      result = .success(try await client.send(request, deadline: .now() + Self.patience))
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
          "the gateway at \(url) says of its own health \(answer.status.code)",
          advice: "GET \(url.path("/health")) tells which component is down"
        )
      }
      return Finding(.ok, "ports", "the gateway answers at \(url), and is in good health")
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
        "\(address) for \(purpose) cannot be had: \(error)",
        advice: "good if it is the gateway that runs there; else stop what does, or set \(setting)"
      )
    }
  }
}
