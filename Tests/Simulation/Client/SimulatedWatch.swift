internal import Postgres
internal import Time

/// Passes on what is heard of the database's server: that it may no longer be the one to ask, or which server new
/// connections reach, which it looks at now and then.
final class SimulatedWatch {
  enum Sign {
    case suspected(before: MonotonicInstant)
    case reaches(ServerIdentity)
  }

  private static let pause = Duration.milliseconds(500)
  private static let interval = Duration.milliseconds(2500)

  private unowned let replica: Replica
  private var lastSuspicion: MonotonicInstant?
  private var server: ServerIdentity?
  private var listeners: [(Sign) -> Void] = []

  init(_ replica: Replica) { self.replica = replica }

  func add(_ listener: @escaping (Sign) -> Void) { listeners.append(listener) }

  func suspectServer() {
    let now = replica.world.now
    if let lastSuspicion, now < lastSuspicion + Self.pause { return }
    lastSuspicion = now
    tell(.suspected(before: now))
  }

  func serverIs(_ server: ServerIdentity) {
    if self.server == server { return }
    self.server = server
    tell(.reaches(server))
  }

  private func tell(_ sign: Sign) {
    if replica.world.plant == .switchUnheard { return }
    let listeners = listeners
    replica.soon { for listener in listeners { listener(sign) } }
  }

  /// Asks a fresh connection, now and then.
  func probe() {
    let (world, ticket) = (replica.world, replica.ticket)
    world.schedule(after: Self.interval) { [weak self] in
      guard let self else { return }
      replica.receive(ticket) {
        self.probe()
        if world.faults.databaseAway == .none, !world.random.chance(world.faults.loss) {
          self.serverIs(ServerIdentity(startTime: world.server.identity))
        }
      }
    }
  }

  func forget() { listeners = [] }
}
