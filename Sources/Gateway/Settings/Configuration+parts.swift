internal import EventLoops
internal import HTTPTransport
internal import HTTPTypes
internal import ServiceKit

extension Configuration.Server {
  /// As the HTTP server takes it.
  /// - Parameters:
  ///   - limits: what the process can hold of what is configured.
  ///   - errorResponse: the shape of what the server refuses before any module sees it.
  func http(
    limits: ServerLimits,
    errorResponse: @escaping @Sendable (HTTPResponse.Status, String) -> ServerResponse
  ) -> HTTPServerConfiguration {
    var http = HTTPServerConfiguration()
    http.maximumConnections = limits.connections
    http.maximumTurnedAway = limits.turnedAway
    http.maximumHeldBytes = limits.heldBytes
    http.maximumConnectionsPerPeer = maximumConnectionsPerPeer
    http.maximumHeaderBytes = maximumHeaderBytes
    http.maximumBodyBytes = maximumBodyBytes
    http.headerReadTimeout = headerTimeout
    http.bodyReadTimeout = bodyTimeout
    http.idleTimeout = idleTimeout
    http.requestTimeout = requestTimeout
    http.errorResponse = errorResponse
    return http
  }
}

extension Configuration {
  /// What this process can hold, from its limits and what it needs for itself.
  func serverLimits(loops: Int) -> ServerLimits {
    let databases = modules.map { module in
      // Besides these a connection that listens, and one to cancel by.
      (module.database.readConnections + module.database.writeConnections) * loops + 2
    }
    return ServerLimits(
      wanted: server.maximumConnections,
      files: OpenFiles.limits.soft,
      // Connections to other services and the broker, the log, certificates, name servers, the loops' own.
      ownFiles: databases.reduce(256, +),
      memory: ControlGroup.current.memory,
      isEncrypted: server.tlsFiles != nil
    )
  }
}

extension Configuration.About {
  /// As `/info` tells it.
  var build: ServiceInfo.Build {
    var build = ServiceInfo.Build(version: version)
    build.time = buildTime
    build.branch = gitBranch
    build.commit = gitCommit.map { String($0.prefix(7)) }
    return build
  }
}
