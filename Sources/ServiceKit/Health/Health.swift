/// The health of one module: its checks, run side by side. What they find is remembered for two seconds
/// (`platform.md` §3.1), so that however often it is asked, the components are asked seldom.
public struct Health: Sendable {
  /// What the checks found, by component name in alphabetical order.
  struct Report: Sendable {
    let components: [(name: String, health: ComponentHealth)]
    var status: HealthStatus { HealthStatus.worst(components.map(\.health.status)) }
  }

  private let checks: [HealthCheck]

  /// - Parameter checks: of components of their own each.
  public init(_ checks: [HealthCheck]) { self.checks = checks }

  func report() async -> Report {
    let found = await withTaskGroup(of: [(name: String, health: ComponentHealth)].self) { group in
      for check in checks { group.addTask { await check.components() } }
      return await group.reduce(into: []) { $0 += $1 }
    }
    return Report(components: found.sorted { $0.name < $1.name })
  }

  /// One component; nil if there is none of that name.
  func component(_ name: String) async -> ComponentHealth? {
    guard let check = checks.first(where: { $0.names.contains(name) }) else { return nil }
    return await check.components().first { $0.name == name }?.health
  }
}
