internal import Time

/// PostgreSQL's server as connections meet it: it can be away, restarted, or give its place to another.
final class ModelServer {
  private unowned let world: World
  /// Which one new connections reach.
  private(set) var identity: Int64 = 1
  private var lastBackend = 0
  private(set) var backends: [ModelBackend] = []

  init(_ world: World) { self.world = world }

  func connect(deliver: @escaping ([ServerAnswer]) -> Void, hangUp: @escaping () -> Void) -> ModelBackend {
    lastBackend += 1
    backends.removeAll { !$0.isOpen }
    let backend = ModelBackend(
      number: lastBackend,
      identity: identity,
      world: world,
      deliver: deliver,
      hangUp: hangUp
    )
    backends.append(backend)
    return backend
  }

  /// All connections are at their end.
  func restart() {
    world.note { "the database's server starts again" }
    identity += 1
    for backend in backends { backend.end(isTold: true) }
  }

  /// New connections reach another one; the old goes on for those that it has, if it is not stopped.
  func switchOver() {
    world.note { "the database's address leads to another server" }
    identity += 1
    for backend in backends where backend.isOpen {
      if world.random.chance(50) { backend.end(isTold: true) } else { backend.demote() }
    }
  }

  /// Connections that somebody is to be at the other end of.
  var openBackends: Int { backends.count { $0.isOpen && !$0.isLeft } }

  func changeTables() {
    world.note { "tables change" }
    for backend in backends { backend.changeTables() }
  }

  /// One connection breaks.
  func breakOne() {
    let open = backends.filter(\.isOpen)
    if open.isEmpty { return }
    open[world.random.number(below: open.count)].end(isTold: true)
  }

  /// The process behind one connection does nothing for a while.
  func freezeOne(for duration: Duration) {
    let open = backends.filter(\.isOpen)
    if open.isEmpty { return }
    let frozen = open[world.random.number(below: open.count)]
    world.note { "server \(frozen.number) freezes for \(duration)" }
    frozen.freeze(for: duration)
  }

  func thaw() { for backend in backends { backend.thaw() } }

  /// Ends connections that have waited within a transaction for too long (`idle_in_transaction_session_timeout`).
  func endIdle(for timeout: Duration) {
    for backend in backends where backend.isIdleInTransaction(for: timeout) { backend.end(isTold: true) }
  }

  /// Lets go of what knows the world.
  func forget() { backends = [] }
}
