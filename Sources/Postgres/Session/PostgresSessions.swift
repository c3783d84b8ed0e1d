internal import Dispatch
internal import EventLoops
internal import Synchronization
internal import Time

/// The open connections of the process, for its end.
public enum PostgresSessions {
  private static let open = Mutex<[ObjectIdentifier: CancelRequest]>([:])
  private static let over = Atomic<Bool>(false)
  private static let threads = DispatchQueue(label: "gateway.postgres.end", attributes: .concurrent)

  /// Asks the servers to stop whatever the process's connections run, and lets nothing more be sent. For a process that
  /// is about to end: a server that waits for a lock does not notice that its client has gone. Where nothing runs,
  /// nothing happens. Blocks the thread.
  /// - Parameter limit: how long at most. Servers that have not been told by then are not.
  public static func cancelAll(within limit: Duration) {
    over.store(true, ordering: .relaxed)
    let deadline = DispatchTime.now() + .nanoseconds(Int(clamping: limit.wholeNanoseconds))
    // Three times: what was just on its way to the server, or on a connection just made, is running by then.
    for _ in 0..<3 {
      let requests = open.withLock { Array($0.values) }
      guard !requests.isEmpty else { return }
      let told = DispatchGroup()
      for request in requests { threads.async(group: told) { request.send() } }
      guard told.wait(timeout: deadline) == .success else { return }
      _ = DispatchSemaphore(value: 0).wait(timeout: min(deadline, DispatchTime.now() + .milliseconds(20)))
    }
  }

  /// Whether the process is about to end.
  static var isOver: Bool { over.load(ordering: .relaxed) }

  static func add(_ request: CancelRequest) {
    open.withLock { $0[ObjectIdentifier(request)] = request }
  }

  /// Has the server stop what a connection runs that is closed with statements in flight. Until it has been told, the
  /// end of the process sees to it.
  static func stop(_ request: CancelRequest) {
    threads.async {
      request.send()
      remove(request)
    }
  }

  static func remove(_ request: CancelRequest) {
    open.withLock { $0[ObjectIdentifier(request)] = nil }
  }
}
