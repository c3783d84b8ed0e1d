internal import CLinux
internal import Concurrency
internal import DequeModule
internal import Synchronization
public import Time

/// Host names to addresses with the system's resolver, which blocks: it runs on a few threads of its own, never on a
/// loop. Those who ask for one name at the same time share one look-up, so that a name whose servers do not answer
/// keeps one thread busy, not all of them.
public final class NameResolver: Sendable {
  static let shared = NameResolver()

  public typealias Answer = Result<[SocketAddress], StreamError>

  private struct State {
    var asking: [String: [LookUp]] = [:]
    var queue = Deque<String>()
    var running = 0
  }

  /// Look-ups that run at the same time; each has a thread.
  private let maximumRunning: Int
  private let lookUp: @Sendable (String) -> Answer
  private let state = Mutex(State())
  private let threads: BlockingThreads

  /// - Parameter lookUp: may block; gives the addresses of a name, with port 0.
  init(maximumRunning: Int = 4, lookUp: @escaping @Sendable (String) -> Answer) {
    self.maximumRunning = maximumRunning
    threads = BlockingThreads("names", maximum: maximumRunning)
    self.lookUp = lookUp
  }

  /// - Parameter maximumRunning: look-ups at the same time.
  public convenience init(maximumRunning: Int = 4) {
    self.init(maximumRunning: maximumRunning, lookUp: Self.systemLookUp)
  }

  /// The addresses of `host`, in the order the system prefers. Call it on `loop`. A look-up cannot be stopped: past
  /// the deadline, or once the task is cancelled, its result is dropped.
  /// - Throws: `StreamError.nameNotResolved`, `.timedOut`, or `.closed` when the task is cancelled.
  func resolve(
    host: String,
    port: UInt16,
    loop: EventLoop,
    deadline: MonotonicInstant,
    isolation: isolated (any Actor)? = #isolation
  ) async throws(StreamError) -> [SocketAddress] {
    // C would read the name up to there, and the certificate would be checked for that.
    if host.utf8.contains(0) { throw .nameNotResolved(host: host, reason: "NUL in a host name") }
    if let address = SocketAddress(numeric: host, port: port) { return [address] }
    let lookUp = LookUp(loop)
    let answer: Answer = await withCancellableContinuation { continuation in
      if Task.isCancelled {
        continuation.resume(returning: .failure(.closed))
      } else {
        lookUp.begin(deadline: deadline) { continuation.resume(returning: $0) }
        add(lookUp, for: host)
      }
    } onCancel: {
      loop.execute { lookUp.finish(.failure(.closed)) }
    }
    return try answer.get().map { $0.withPort(port) }
  }

  /// The same for callers without a task: `completion` is called once, on `loop`, with addresses whose port is 0. Call
  /// it on `loop`.
  public func resolve(
    host: String,
    loop: EventLoop,
    deadline: MonotonicInstant,
    completion: @escaping (Answer) -> Void
  ) {
    let lookUp = LookUp(loop)
    lookUp.begin(deadline: deadline, completion)
    add(lookUp, for: host)
  }

  /// How many wait for an answer.
  var waiting: Int { state.withLock { $0.asking.values.reduce(0) { $0 + $1.count } } }

  private func add(_ lookUp: LookUp, for host: String) {
    let startsThread = state.withLock { state in
      if state.asking[host]?.append(lookUp) != nil { return false }
      state.asking[host] = [lookUp]
      state.queue.append(host)
      guard state.running < maximumRunning else { return false }
      state.running += 1
      return true
    }
    if startsThread { threads.run { self.work() } }
  }

  /// Answers one name after another until none is left.
  private func work() {
    while let host = next() {
      let answer = lookUp(host)
      let asking = state.withLock { $0.asking.removeValue(forKey: host) } ?? []
      for lookUp in asking { lookUp.loop.execute { lookUp.finish(answer) } }
    }
  }

  /// The next name that somebody still waits for; nil ends the thread's work.
  private func next() -> String? {
    state.withLock { state in
      while let host = state.queue.popFirst() {
        if state.asking[host]?.contains(where: { !$0.isOver }) ?? false { return host }
        state.asking[host] = nil
      }
      state.running -= 1
      return nil
    }
  }

  /// One caller's wait for a name: whoever comes first of the resolver, the deadline and a cancellation ends it.
  ///
  /// `@unchecked Sendable`: the properties that change are touched on the loop alone, but for `over`, an atomic.
  private final class LookUp: @unchecked Sendable {
    let loop: EventLoop
    private var completion: ((Answer) -> Void)?
    private var timer: ScheduledTimer?
    private let over = Atomic<Bool>(false)

    init(_ loop: EventLoop) { self.loop = loop }

    var isOver: Bool { over.load(ordering: .relaxed) }

    func begin(deadline: MonotonicInstant, _ completion: @escaping (Answer) -> Void) {
      self.completion = completion
      timer = loop.schedule(at: deadline) { [weak self] in self?.finish(.failure(.timedOut)) }
    }

    func finish(_ answer: Answer) {
      over.store(true, ordering: .relaxed)
      timer?.cancel()
      timer = nil
      let waiting = completion
      completion = nil
      waiting?(answer)
    }
  }

  private static let systemLookUp: @Sendable (String) -> Answer = { host in
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    hints.ai_flags = AI_ADDRCONFIG
    var list: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(host, nil, &hints, &list)
    guard code == 0 else {
      return .failure(.nameNotResolved(host: host, reason: String(cString: gai_strerror(code))))
    }
    defer { freeaddrinfo(list) }
    var addresses: [SocketAddress] = []
    var next = list
    while let entry = next?.pointee {
      if let address = entry.ai_addr { addresses.append(SocketAddress(address, length: entry.ai_addrlen)) }
      next = entry.ai_next
    }
    return .success(addresses)
  }
}
