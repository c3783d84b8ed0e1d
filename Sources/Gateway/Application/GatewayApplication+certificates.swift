internal import EventLoops
internal import HTTPTransport

extension GatewayApplication {
  /// What SIGHUP does: reads the certificates again, where there are any.
  var onHangUp: (@Sendable () -> Void)? {
    guard !certificates.isEmpty else { return nil }
    return { [certificates] in Task.detached { await certificates.look(isAsked: true) } }
  }

  /// What uses files of certificates, each with a way to take new ones.
  static func certificateUses(
    _ configuration: Configuration,
    _ server: HTTPServer,
    _ client: HTTPClient,
    _ upstreamHealth: UpstreamHealth,
    _ messaging: Messaging,
    _ observability: GatewayObservability
  ) -> [Certificates.Use] {
    var uses: [Certificates.Use] = []
    if let files = configuration.server.tlsFiles {
      uses.append(
        Certificates.Use(name: "server", files: [files.certificate, files.privateKey]) {
          await server.replaceTLS(
            try TLSContext(certificateFile: files.certificate, privateKeyFile: files.privateKey)
          )
        }
      )
    }
    if let file = configuration.upstreams.trustedCertificatesFile {
      uses.append(
        Certificates.Use(name: "upstreams", files: [file]) {
          let context = try TLSContext(trustedCertificatesFile: file)
          client.replaceTLS(context)
          upstreamHealth.replaceTLS(context)
          messaging.replaceTLS(context)
        }
      )
    }
    if let file = configuration.observability.tracesCertificateFile {
      uses.append(
        Certificates.Use(name: "traces", files: [file]) {
          observability.tracesClient.replaceTLS(try TLSContext(trustedCertificatesFile: file))
        }
      )
    }
    return uses
  }
}
