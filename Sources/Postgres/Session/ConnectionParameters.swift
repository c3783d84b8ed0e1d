internal import CLibPQ
internal import Text

/// A connection string taken apart, with the settings of ours that it may or may not override.
struct ConnectionParameters: Sendable {
  /// One server that may be tried: libpq's `host`, `hostaddr` and `port`, each possibly empty.
  struct Target: Hashable, Sendable {
    var host: String
    var address: String
    var port: String

    /// Whether libpq would have to ask the (blocking) resolver.
    var needsResolution: Bool { address.isEmpty && HostNames.isName(host) }
  }

  private let settings: [(keyword: String, value: String)]
  let targets: [Target]

  /// - Throws: `PostgresError` of kind `.connectionFailed` that quotes nothing of the string.
  init(_ configuration: PostgresConfiguration) throws(PostgresError) {
    var given = try Self.parse(configuration.connectionString)
    if let user = configuration.user { given["user"] = user }
    if let password = configuration.password { given["password"] = password }
    targets = try Self.targets(
      hosts: given.removeValue(forKey: "host"),
      addresses: given.removeValue(forKey: "hostaddr"),
      ports: given.removeValue(forKey: "port")
    )
    // A network that swallows packets must not look like a slow server, and Kerberos asks the network while it holds
    // the loop's thread; all but the encoding may be set otherwise in the connection string.
    let defaults = [
      "application_name": configuration.applicationName, "keepalives_idle": "30", "keepalives_interval": "10",
      "keepalives_count": "3", "tcp_user_timeout": "20000", "gssencmode": "disable",
      // A standby lags behind, nobody knows how far, and takes no writes.
      "target_session_attrs": "primary",
    ]
    given.merge(defaults) { own, _ in own }
    given["client_encoding"] = "UTF8"
    settings = given.map { ($0.key, $0.value) }.sorted { $0.0 < $1.0 }
  }

  /// libpq's keywords and values for connecting to `targets`, tried in that order; none means libpq's own default.
  func keywords(for targets: [Target]) -> [(keyword: String, value: String)] {
    var all = settings
    for (keyword, part) in [("host", \Target.host), ("hostaddr", \.address), ("port", \.port)] {
      let values = targets.map { $0[keyPath: part] }
      if values.contains(where: { !$0.isEmpty }) { all.append((keyword, values.joined(separator: ","))) }
    }
    return all
  }

  /// What is set for a keyword of libpq, other than the servers.
  func value(_ keyword: String) -> String? { settings.first { $0.keyword == keyword }?.value }

  /// Hosts and ports, for logs.
  var hostDescription: String {
    if targets.isEmpty { return "the default host" }
    return targets.map { target in
      let host = target.host.isEmpty ? target.address : target.host
      if target.port.isEmpty { return host }
      return host.contains(":") ? "[\(host)]:\(target.port)" : "\(host):\(target.port)"
    }.joined(separator: ",")
  }

  private static func parse(_ text: String) throws(PostgresError) -> [String: String] {
    guard !text.holdsNUL else { throw notUnderstood }
    var message: UnsafeMutablePointer<CChar>?
    let options = PQconninfoParse(text, &message)
    PQfreemem(message)
    guard let options else { throw notUnderstood }
    defer { PQconninfoFree(options) }
    var settings: [String: String] = [:]
    var next = options
    while let keyword = next.pointee.keyword {
      if let value = next.pointee.val { settings[String(cString: keyword)] = String(cString: value) }
      next += 1
    }
    return settings
  }

  /// As libpq pairs them: lists of equal length, a single port for all hosts, an empty list for none.
  private static func targets(hosts: String?, addresses: String?, ports: String?) throws(PostgresError)
    -> [Target]
  {
    let hosts = list(hosts)
    let addresses = list(addresses)
    let ports = list(ports)
    let count = max(hosts.count, addresses.count)
    if count == 0 { return ports.isEmpty ? [] : [Target(host: "", address: "", port: ports[0])] }
    guard hosts.isEmpty || hosts.count == count, addresses.isEmpty || addresses.count == count,
      ports.count <= 1 || ports.count == count
    else { throw notUnderstood }
    return (0..<count).map { index in
      Target(
        host: hosts.isEmpty ? "" : hosts[index],
        address: addresses.isEmpty ? "" : addresses[index],
        port: ports.isEmpty ? "" : ports[ports.count == 1 ? 0 : index]
      )
    }
  }

  private static func list(_ text: String?) -> [String] {
    guard let text, !text.isEmpty else { return [] }
    return text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
  }

  private static var notUnderstood: PostgresError {
    PostgresError(.connectionFailed, detail: "the connection string is not understood")
  }
}
