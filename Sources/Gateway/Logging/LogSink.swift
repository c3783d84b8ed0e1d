internal import CLinux
internal import Dispatch
internal import Synchronization

/// Writes log lines to standard output from a thread of its own, so that a slow reader of the log never holds up an
/// event loop. At most `capacity` lines wait; what comes beyond that is counted and the count is written when there
/// is room again.
final class LogSink: Sendable {
  private struct State {
    var waiting = 0
    var dropped = 0
  }

  private let capacity: Int
  private let fileDescriptor: Int32
  private let state = Mutex(State())
  private let queue = DispatchQueue(label: "log")

  init(fileDescriptor: Int32 = 1, capacity: Int = 10_000) {
    self.fileDescriptor = fileDescriptor
    self.capacity = capacity
  }

  /// Queues one line; the line feed is added here.
  func write(_ line: String) {
    let isAccepted = state.withLock { state in
      guard state.waiting < capacity else {
        state.dropped += 1
        return false
      }
      state.waiting += 1
      return true
    }
    guard isAccepted else { return }
    queue.async { [self] in
      put(line)
      let dropped = state.withLock { state in
        state.waiting -= 1
        defer { state.dropped = 0 }
        return state.dropped
      }
      if dropped > 0 { put("log: \(dropped) lines dropped because the reader of the log was too slow") }
    }
  }

  /// Waits until everything queued so far is written.
  func drain() { queue.sync {} }

  private func put(_ line: String) {
    var rest = Array((line + "\n").utf8)[...]
    while !rest.isEmpty {
      let written = rest.withUnsafeBytes { CLinux.write(fileDescriptor, $0.baseAddress, $0.count) }
      if written < 0, gateway_errno() == EINTR { continue }
      guard written > 0 else { return }
      rest = rest.dropFirst(written)
    }
  }
}
