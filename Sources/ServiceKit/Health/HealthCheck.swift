public import EventLoops

/// Components of `/health` and how their state is found out.
public struct HealthCheck: Sendable {
  /// The components' names: `db`, `hmppsAuthApi`.
  let names: [String]
  /// How long it may take.
  let timeout: Duration
  let run: @Sendable (_ deadline: MonotonicInstant) async -> [String: ComponentHealth]

  /// Several components that are found out about together.
  /// - Parameters:
  ///   - timeout: what `run` is given as its deadline. Default 2 seconds (`API_HEALTH_TIMEOUT`).
  ///   - run: must end by the deadline, whatever the components do.
  public init(
    names: [String],
    timeout: Duration = .seconds(2),
    run: @escaping @Sendable (_ deadline: MonotonicInstant) async -> [String: ComponentHealth]
  ) {
    self.names = names
    self.timeout = timeout
    self.run = run
  }

  /// One component; otherwise as the other initialiser.
  public init(
    _ name: String,
    timeout: Duration = .seconds(2),
    run: @escaping @Sendable (_ deadline: MonotonicInstant) async -> ComponentHealth
  ) {
    self.init(names: [name], timeout: timeout) { [name: await run($0)] }
  }
}
