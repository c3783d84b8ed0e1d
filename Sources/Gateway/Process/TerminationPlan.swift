internal import CLinux

/// What the signals mean to the process, stage by stage: the decisions, without the signals.
///
/// While a command works, the start of a server among it, the first one ends it. Of a server the first one asks for a
/// graceful stop, and the next ends it at once. SIGHUP makes a server that can read its files again do so; to any
/// other it says that its terminal has gone, and is like the others.
struct TerminationPlan: Equatable {
  enum Stage: Equatable {
    case working
    case serving
    case draining
    /// The process is being ended, by the signal if one asked for it.
    case ending(Int32?)
  }

  enum Action: Equatable {
    case nothing
    /// The work is to be cancelled, and the process to end soon, whether that works or not.
    case cancel
    case drain
    /// Nothing is waited for.
    case end
    case reload
  }

  private(set) var stage = Stage.working
  /// Whether SIGHUP asks for files to be read again.
  private(set) var reloads = false
  /// Whether it has come before there was somebody to do so.
  private var isReloadDue = false

  mutating func received(_ signal: Int32) -> Action {
    if signal == SIGHUP, reloads {
      guard stage != .working else {
        isReloadDue = true
        return .nothing
      }
      return .reload
    }
    switch stage {
    case .working:
      stage = .ending(signal)
      return .cancel
    case .serving:
      stage = .draining
      return .drain
    case .draining:
      stage = .ending(signal)
      return .end
    case .ending: return .nothing
    }
  }

  /// The configuration names files that a running server reads again.
  mutating func willReload() { reloads = true }

  /// The server answers.
  /// - Parameter reloads: whether it can read files again.
  /// - Returns: whether it is to do so at once, for a SIGHUP that came while it started. A server that is being ended
  ///   is not to serve: `stage` says so.
  mutating func serves(reloads: Bool) -> Bool {
    if stage == .working { stage = .serving }
    self.reloads = reloads
    defer { isReloadDue = false }
    return reloads && isReloadDue
  }

  /// The work is done.
  /// - Returns: the signal that the process ends by, if one asked for that; nil if nobody did.
  mutating func finished() -> Int32? {
    if case .ending(let signal) = stage { return signal }
    stage = .ending(nil)
    return nil
  }
}
