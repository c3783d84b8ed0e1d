public import Time

/// Components of `/health` and how their state is found out: by one check at a time, at most every two seconds, however
/// often and under whatever paths health is asked for.
public struct HealthCheck: Sendable {
  /// The components' names: `db`, `hmppsAuthApi`.
  let names: [String]
  private let answer: SharedAnswer<[ComponentHealth]>

  /// Several components that are checked together.
  /// - Parameters:
  ///   - timeout: what `run` is given as its deadline. Default 2 seconds (`API_HEALTH_TIMEOUT`).
  ///   - run: must end by the deadline, whatever the components do.
  public init(
    names: [String],
    timeout: Duration = .seconds(2),
    run: @escaping @Sendable (_ deadline: MonotonicInstant) async -> [String: ComponentHealth]
  ) {
    self.names = names
    answer = SharedAnswer { clock in
      let found = await run(clock.now() + timeout)
      return names.map { found[$0] ?? .down("not found out") }
    }
  }

  /// One component; otherwise as the other initialiser.
  public init(
    _ name: String,
    timeout: Duration = .seconds(2),
    run: @escaping @Sendable (_ deadline: MonotonicInstant) async -> ComponentHealth
  ) {
    self.init(names: [name], timeout: timeout) { [name: await run($0)] }
  }

  private init(names: [String], answer: SharedAnswer<[ComponentHealth]>) {
    (self.names, self.answer) = (names, answer)
  }

  /// The same components under other names: both together are checked once.
  /// - Parameter names: as many as the check has.
  public func named(_ names: String...) -> HealthCheck { HealthCheck(names: names, answer: answer) }

  /// In the order of the names, not older than two seconds.
  func components(by clock: any MonotonicClock) async -> [(name: String, health: ComponentHealth)] {
    Array(zip(names, await answer.value(by: clock)))
  }
}
