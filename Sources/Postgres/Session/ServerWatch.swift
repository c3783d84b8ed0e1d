internal import Synchronization
internal import Time

/// Passes on what one loop hears of a database's server to all of them: that it may no longer be the one to ask, or which
/// server new connections reach. A server that was switched over may live on, read-only, and answer old connections for
/// as long as they are asked.
final class ServerWatch: Sendable {
  enum Sign: Sendable, Equatable {
    /// Connections opened before this instant are not to be trusted.
    case suspected(before: MonotonicInstant)
    /// New connections reach this one.
    case reaches(ServerIdentity)
  }

  private struct State {
    var listeners: [@Sendable (Sign) -> Void] = []
    var lastSuspicion: MonotonicInstant?
    var server: ServerIdentity?
    var start: (@Sendable () -> Void)?
  }

  /// A server that stays read-only gives a sign with each write; its connections are not replaced more often than this.
  static let pause = Duration.milliseconds(500)

  private let state = Mutex(State())

  /// - Parameter listener: called from any thread, soon.
  func add(_ listener: @escaping @Sendable (Sign) -> Void) {
    state.withLock { $0.listeners.append(listener) }
  }

  /// - Parameter start: called once, when the first connection is open.
  func whenConnected(_ start: @escaping @Sendable () -> Void) { state.withLock { $0.start = start } }

  /// A write was refused, or a session ended by the server.
  func suspectServer(at now: MonotonicInstant) {
    let listeners = state.withLock { state -> [@Sendable (Sign) -> Void] in
      if let last = state.lastSuspicion, now < last + Self.pause { return [] }
      state.lastSuspicion = now
      return state.listeners
    }
    for listener in listeners { listener(.suspected(before: now)) }
  }

  /// A new connection is with this server.
  func serverIs(_ server: ServerIdentity) {
    let (listeners, start) = state.withLock { state in
      defer { (state.server, state.start) = (server, nil) }
      return (state.server == server ? [] : state.listeners, state.start)
    }
    start?()
    for listener in listeners { listener(.reaches(server)) }
  }
}
