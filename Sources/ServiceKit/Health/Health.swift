internal import Time

/// The health of one module: its checks, run side by side. What they find is remembered for two seconds
/// (docs/contract/platform.md §3.1), so that components are checked seldom, however often health is asked for.
public struct Health: Sendable {
  /// What the checks found, by component name in alphabetical order.
  struct Report: Sendable {
    let components: [(name: String, health: ComponentHealth)]
    var status: HealthStatus { HealthStatus.worst(components.map(\.health.status)) }
  }

  private let checks: [HealthCheck]

  /// - Parameter checks: of components of their own each.
  public init(_ checks: [HealthCheck]) { self.checks = checks }

  func report(by clock: any MonotonicClock) async -> Report {
    let found = await withTaskGroup(of: [(name: String, health: ComponentHealth)].self) { group in
      for check in checks { group.addTask { await check.components(by: clock) } }
      return await group.reduce(into: []) { $0 += $1 }
    }
    return Report(components: found.sorted { $0.name < $1.name })
  }

  /// One component; nil if there is none of that name.
  func component(_ name: String, by clock: any MonotonicClock) async -> ComponentHealth? {
    guard let check = checks.first(where: { $0.names.contains(name) }) else { return nil }
    return await check.components(by: clock).first { $0.name == name }?.health
  }
}
