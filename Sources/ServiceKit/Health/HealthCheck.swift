public import EventLoops

/// A component of `/health` and how its state is found out.
public struct HealthCheck: Sendable {
  /// The component's name: `db`, `hmppsAuthApi`.
  public let name: String
  /// How long it may take.
  let timeout: Duration
  let run: @Sendable (_ deadline: MonotonicInstant) async -> ComponentHealth

  /// - Parameters:
  ///   - timeout: what `run` is given as its deadline. Default 2 seconds (`API_HEALTH_TIMEOUT`).
  ///   - run: must end by the deadline, whatever the component does.
  public init(
    _ name: String,
    timeout: Duration = .seconds(2),
    run: @escaping @Sendable (_ deadline: MonotonicInstant) async -> ComponentHealth
  ) {
    self.name = name
    self.timeout = timeout
    self.run = run
  }
}
