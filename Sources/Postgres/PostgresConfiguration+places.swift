extension PostgresConfiguration {
  /// Where its database is: `host:port/name` for each server that may be tried. Two configurations that have one in common
  /// mean one database. Empty if the connection string cannot be understood.
  public var places: Set<String> {
    Set(servers.map { "\($0.host.lowercased()):\($0.port.isEmpty ? "5432" : $0.port)/\($0.name)" })
  }

  /// The server that is tried first and the name of the database there, as telemetry has them: `db.example | patients`;
  /// nil if the connection string cannot be understood.
  public var target: String? { servers.first.map { "\($0.host) | \($0.name)" } }

  private var servers: [(host: String, port: String, name: String)] {
    guard let parameters = try? ConnectionParameters(self) else { return [] }
    let name = parameters.value("dbname") ?? parameters.value("user") ?? ""
    guard !parameters.targets.isEmpty else { return [(host: "", port: "", name: name)] }
    return parameters.targets.map { target in
      (host: target.host.isEmpty ? target.address : target.host, port: target.port, name: name)
    }
  }

  /// The same database as another user.
  /// - Parameters:
  ///   - user: nil for the same one.
  ///   - password: nil for the same one.
  /// - Returns: nil if nothing would be another.
  public func asUser(_ user: String?, password: String?) -> PostgresConfiguration? {
    guard let parameters = try? ConnectionParameters(self) else { return nil }
    func differs(_ value: String?, _ keyword: String) -> Bool {
      value.map { $0 != parameters.value(keyword) } ?? false
    }
    guard differs(user, "user") || differs(password, "password") else { return nil }
    var other = self
    other.user = user ?? self.user
    other.password = password ?? self.password
    return other
  }
}
