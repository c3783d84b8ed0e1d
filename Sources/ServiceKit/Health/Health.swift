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

  /// - Parameter checks: of two with one name, the later counts.
  public init(_ checks: [HealthCheck]) {
    let byName = Dictionary(checks.map { ($0.name, $0) }) { $1 }
    self.checks = byName.values.sorted { $0.name < $1.name }
  }

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
    guard let check = checks.first(where: { $0.name == name }) else { return nil }
    return await Self.run([check]).components.first?.health
  }

  private static func run(_ checks: [HealthCheck]) async -> Report {
    let found = await withTaskGroup(of: (String, ComponentHealth).self) { group in
      for check in checks {
        group.addTask { (check.name, await check.run(.now() + check.timeout)) }
      }
      return await group.reduce(into: [String: ComponentHealth]()) { $0[$1.0] = $1.1 }
    }
    return Report(components: checks.compactMap { check in found[check.name].map { (check.name, $0) } })
  }
}
