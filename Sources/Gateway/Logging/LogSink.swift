internal import CLinux
internal import Dispatch
internal import Synchronization

/// Writes log lines to standard output from a thread of its own, so that a slow reader of the log never holds up an
/// event loop. At most `capacity` lines wait; what comes beyond that is counted and the count is written when there
/// is room again.
final class LogSink: Sendable {
  /// Makes a line, on the log's own thread.
  typealias Line = @Sendable () -> String

  private struct State {
    var lines: [Line] = []
    var dropped = 0
    /// Whether the queue has been asked to write what waits.
    var isWriting = false
  }

  private let capacity: Int
  private let fileDescriptor: Int32
  private let state = Mutex(State())
  private let queue = DispatchQueue(label: "log")

  init(fileDescriptor: Int32 = 1, capacity: Int = 10_000) {
    self.fileDescriptor = fileDescriptor
    self.capacity = capacity
  }

  /// Queues one line, which is made when its turn comes; the line feed is added here.
  func write(_ line: @escaping Line) {
    let mustWake = state.withLock { state in
      guard state.lines.count < capacity else {
        state.dropped += 1
        return false
      }
      state.lines.append(line)
      defer { state.isWriting = true }
      return !state.isWriting
    }
    if mustWake { queue.async { [self] in writeWaiting() } }
  }

  /// Waits until everything queued so far is written.
  func drain() { queue.sync { writeWaiting() } }

  private func writeWaiting() {
    while true {
      let (lines, dropped) = state.withLock { state in
        defer {
          state.isWriting = !state.lines.isEmpty
          state.lines = []
          state.dropped = 0
        }
        return (state.lines, state.dropped)
      }
      guard !lines.isEmpty else { return }
      var bytes: [UInt8] = []
      for line in lines {
        bytes.append(contentsOf: line().utf8)
        bytes.append(UInt8(ascii: "\n"))
        if bytes.count > 65_536 {
          put(bytes)
          bytes.removeAll(keepingCapacity: true)
        }
      }
      put(bytes)
      if dropped > 0 {
        put(Array("log: \(dropped) lines dropped because the reader of the log was too slow\n".utf8))
      }
    }
  }

  private func put(_ bytes: [UInt8]) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let written = rest.withUnsafeBytes { CLinux.write(fileDescriptor, $0.baseAddress, $0.count) }
      if written < 0, gateway_errno() == EINTR { continue }
      guard written > 0 else { return }
      rest = rest.dropFirst(written)
    }
  }
}
