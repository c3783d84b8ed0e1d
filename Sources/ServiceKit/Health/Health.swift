internal import EventLoops

/// The health of one module: its checks, run side by side and remembered for two seconds (`platform.md` §3.1), so that
/// however often it is asked, the components are asked seldom.
public actor Health {
  /// What a round of checks found, by component name in alphabetical order.
  struct Report: Sendable {
    let components: [(name: String, health: ComponentHealth)]
    var status: HealthStatus { HealthStatus.worst(components.map(\.health.status)) }
  }

  private static let lifetime = Duration.seconds(2)

  private let checks: [HealthCheck]
  private var latest: (report: Report, time: MonotonicInstant)?
  private var round: Task<Report, Never>?

  /// - Parameter checks: of components of their own each.
  public init(_ checks: [HealthCheck]) { self.checks = checks }

  /// The report of the last two seconds; otherwise that of a new round, which all who ask meanwhile share.
  func report() async -> Report {
    if let latest, latest.time + Self.lifetime > .now() { return latest.report }
    if let round { return await round.value }
    let checks = checks
    let task = Task { await Self.run(checks) }
    round = task
    let report = await task.value
    round = nil
    latest = (report, .now())
    return report
  }

  /// One component, checked now; nil if there is none of that name.
  nonisolated func component(_ name: String) async -> ComponentHealth? {
    guard let check = checks.first(where: { $0.names.contains(name) }) else { return nil }
    return await Self.run([check]).components.first { $0.name == name }?.health
  }

  private static func run(_ checks: [HealthCheck]) async -> Report {
    let found = await withTaskGroup(of: [String: ComponentHealth].self) { group in
      for check in checks { group.addTask { await check.run(.now() + check.timeout) } }
      return await group.reduce(into: [String: ComponentHealth]()) { $0.merge($1) { $1 } }
    }
    let components = checks.flatMap(\.names).sorted().map { name in
      (name: name, health: found[name] ?? .down("not found out"))
    }
    return Report(components: components)
  }
}
