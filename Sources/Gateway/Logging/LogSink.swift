internal import CLinux
internal import Dispatch
internal import Synchronization

/// Writes log lines to standard output from a thread of its own, so that a slow reader of the log never holds up an
/// event loop. At most `capacity` lines wait; what comes beyond that is counted and the count is written when there
/// is room again.
///
/// A line is written whole or not at all. A pipe takes up to PIPE_BUF bytes at once or none of them (write(2), pipe(7)),
/// so lines go to a pipe in pieces of that size; only a longer line can be cut, where the process ends before its reader
/// has taken the rest.
final class LogSink: Sendable {
  /// Makes a line, on the log's own thread.
  typealias Line = @Sendable () -> String
  /// Makes the line that says how many were dropped.
  typealias Note = @Sendable (_ dropped: Int) -> String

  /// How long the end of the process waits for the log's reader.
  static let drainLimit = Duration.seconds(2)

  private struct State {
    var lines: [Line] = []
    var dropped = 0
    /// Whether the queue has been asked to write what waits.
    var isWriting = false
    /// Whether a line was begun that could not be finished.
    var isTorn = false
  }

  private let capacity: Int
  private let fileDescriptor: Int32
  private let note: Note
  /// How many bytes of several lines go into one write.
  private let pieceLimit: Int
  private let state = Mutex(State())
  private let queue = DispatchQueue(label: "log")

  init(
    fileDescriptor: Int32 = 1,
    capacity: Int = 10_000,
    note: @escaping Note = { "log: \($0) lines dropped because the reader of the log was too slow" }
  ) {
    self.fileDescriptor = fileDescriptor
    self.capacity = capacity
    self.note = note
    var status = stat()
    let isFile = fstat(fileDescriptor, &status) == 0 && status.st_mode & mode_t(S_IFMT) == mode_t(S_IFREG)
    pieceLimit = isFile ? 65_536 : Int(PIPE_BUF)
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
  /// - Parameter limit: how long at most: a reader that has stopped reading must not keep the process.
  func drain(within limit: Duration = drainLimit) {
    let isDone = DispatchSemaphore(value: 0)
    queue.async { [self] in
      writeWaiting()
      isDone.signal()
    }
    _ = isDone.wait(timeout: DispatchTime.now() + limit.dispatchInterval)
  }

  private func writeWaiting() {
    while true {
      let (lines, dropped) = state.withLock { state in
        defer {
          state.isWriting = !state.lines.isEmpty
          if state.isWriting { state.dropped = 0 }
          state.lines = []
        }
        return (state.lines, state.dropped)
      }
      guard !lines.isEmpty else { return }
      var piece = Piece()
      for line in lines { add(line(), to: &piece) }
      put(&piece)
      guard dropped > 0 else { continue }
      add(note(dropped), to: &piece)
      // A note that is lost itself is made up for by the next.
      put(&piece, standingFor: dropped)
    }
  }

  /// Whole lines that are written together.
  private struct Piece {
    var bytes: [UInt8] = []
    var lines = 0
  }

  private func add(_ line: String, to piece: inout Piece) {
    if piece.lines > 0, piece.bytes.count + line.utf8.count + 1 > pieceLimit { put(&piece) }
    piece.bytes.append(contentsOf: line.utf8)
    piece.bytes.append(UInt8(ascii: "\n"))
    piece.lines += 1
  }

  /// Writes a piece and empties it. What cannot be written counts as dropped.
  /// - Parameter lines: for how many its one line stands; nil where each stands for itself.
  private func put(_ piece: inout Piece, standingFor lines: Int? = nil) {
    guard piece.lines > 0 else { return }
    // After half a line the next ones begin on a line of their own.
    if state.withLock({ $0.isTorn }), write([UInt8(ascii: "\n")]) == 1 {
      state.withLock { $0.isTorn = false }
    }
    let written = write(piece.bytes)
    state.withLock { state in
      if written < piece.bytes.count {
        let isWhole = written > 0 && piece.bytes[written - 1] == UInt8(ascii: "\n")
        state.dropped += lines ?? piece.bytes[written...].count { $0 == UInt8(ascii: "\n") }
        if written > 0 { state.isTorn = !isWhole }
      }
    }
    piece.bytes.removeAll(keepingCapacity: true)
    piece.lines = 0
  }

  /// - Returns: how many of the bytes were written: all, unless nobody reads them any more, or the disk is full.
  private func write(_ bytes: [UInt8]) -> Int {
    var rest = bytes[...]
    while !rest.isEmpty {
      let written = rest.withUnsafeBytes { CLinux.write(fileDescriptor, $0.baseAddress, $0.count) }
      if written > 0 {
        rest = rest.dropFirst(written)
      } else if written < 0, gateway_errno() == EAGAIN {
        // Somebody who shares the pipe has made it one that does not wait. This thread may.
        var writable = pollfd(fd: fileDescriptor, events: Int16(POLLOUT), revents: 0)
        poll(&writable, 1, -1)
      } else if written == 0 || gateway_errno() != EINTR {
        break
      }
    }
    return bytes.count - rest.count
  }
}
