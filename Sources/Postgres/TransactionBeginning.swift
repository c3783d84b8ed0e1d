internal import Synchronization

/// The BEGIN of a transaction, which travels with its first statement to save a round trip.
final class TransactionBeginning: Sendable {
  private let command: Mutex<String?>

  init(_ command: String) { self.command = Mutex(command) }

  /// The command, the first time.
  func take() -> String? {
    command.withLock { command in
      defer { command = nil }
      return command
    }
  }

  var isTaken: Bool { command.withLock { $0 == nil } }
}
