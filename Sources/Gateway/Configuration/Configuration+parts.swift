internal import EventLoops
internal import HTTPTransport
internal import HTTPTypes
internal import Postgres
internal import ServiceKit

extension Configuration.Database {
  /// As the database layer takes it.
  var postgres: PostgresConfiguration {
    var postgres = PostgresConfiguration(connectionString: connectionString)
    postgres.readConnectionsPerLoop = readConnections
    postgres.transactionConnectionsPerLoop = writeConnections
    postgres.leaseTimeout = leaseTimeout
    postgres.statementTimeout = statementTimeout
    return postgres
  }
}

extension Configuration.Server {
  /// As the HTTP server takes it.
  /// - Parameter errorResponse: the shape of what the server refuses before any module sees it.
  func http(
    errorResponse: @escaping @Sendable (HTTPResponse.Status, String) -> ServerResponse
  ) -> HTTPServerConfiguration {
    var http = HTTPServerConfiguration()
    http.maximumConnections = maximumConnections
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

extension Configuration.About {
  /// As `/info` tells it.
  var build: ServiceInfo.Build {
    var build = ServiceInfo.Build(version: buildNumber ?? BuildInformation.version)
    build.time = buildTime
    build.branch = gitBranch
    build.commit = gitCommit.map { String($0.prefix(7)) }
    return build
  }
}
