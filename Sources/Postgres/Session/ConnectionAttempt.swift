internal import CLibPQ
import EventLoops
internal import Time

/// Opens one connection without blocking its loop: resolves names elsewhere, then follows PQconnectPoll, elsewhere too,
/// because key exchange and SCRAM take it milliseconds. Whatever number of connections is wanted at once, as after a
/// failover, the loop's other work goes on.
final class ConnectionAttempt {
  /// Why an attempt failed that the server did not answer.
  static let outOfTime = "timed out"

  /// For the steps of all attempts of the process. Such a step never waits for the network.
  private static let threads = BlockingThreads("db-connect", maximum: 2)

  private let loop: EventLoop
  private let notices: NoticeSink
  private var completion: ((Result<ConnectionHandle, PostgresError>) -> Void)?
  private var handle: ConnectionHandle?
  private var source: ReadinessSource?
  private var timer: ScheduledTimer?
  private var awaited = Readiness.writable

  /// - Parameters:
  ///   - rotation: how many of the targets to move to the end, so that one which swallows connection attempts does
  ///     not use up the time of the others for ever.
  ///   - completion: called once, on the loop.
  init(
    _ parameters: ConnectionParameters,
    rotation: Int,
    deadline: MonotonicInstant,
    loop: EventLoop,
    notices: NoticeSink,
    completion: @escaping (Result<ConnectionHandle, PostgresError>) -> Void
  ) {
    self.loop = loop
    self.notices = notices
    self.completion = completion
    timer = loop.schedule(at: deadline) { self.fail(Self.outOfTime) }
    guard parameters.targets.contains(where: \.needsResolution) else {
      start(parameters.keywords(for: Self.rotate(parameters.targets, by: rotation)))
      return
    }
    // A name whose servers do not answer must leave time for the others.
    let now = loop.now()
    let end = now + deadline.duration(since: now) / 2
    HostNames.resolve(parameters.targets, on: loop, deadline: end) { resolved in
      if resolved.isEmpty {
        self.fail("the host name has no address")
      } else {
        self.start(parameters.keywords(for: Self.rotate(resolved, by: rotation)))
      }
    }
  }

  /// Gives up: `completion` is called with an error unless it was called before.
  func cancel() { fail("cancelled") }

  private static func rotate<Element>(_ list: [Element], by count: Int) -> [Element] {
    guard list.count > 1 else { return list }
    let first = Int(UInt(bitPattern: count) % UInt(list.count))
    return Array(list[first...] + list[..<first])
  }

  private func start(_ settings: [(keyword: String, value: String)]) {
    guard completion != nil else { return }
    guard let handle = ConnectionHandle(settings, notices: notices) else { return fail("out of memory") }
    self.handle = handle
    guard !handle.isBad else { return fail(handle.errorText) }
    watch()
  }

  /// libpq may have another socket after each step, perhaps under the old one's number, so each step has a source of
  /// its own. A new source tells at once what the socket is ready for already.
  private func watch() {
    guard let handle else { return }
    do throws(SystemError) {
      let source = try ReadinessSource(fileDescriptor: handle.socket, loop: loop)
      source.onReady = { [unowned self] readiness in
        if !readiness.isDisjoint(with: [awaited, .hungUp]) { step() }
      }
      self.source = source
    } catch {
      fail(error.description)
    }
  }

  private func step() {
    guard let handle else { return }
    source?.close()
    source = nil
    let (loop, me, connecting) = (loop, LoopBound(self), ConnectingHandle(handle))
    Self.threads.run {
      let next = connecting.step()
      loop.execute { me.value.go(on: next) }
    }
  }

  private func go(on next: ConnectingHandle.Next) {
    // Past the deadline the handle is given up, though not before its step has ended.
    guard completion != nil, let handle else { return }
    switch next {
    case .connected: succeed(handle)
    case .waitsToRead:
      awaited = .readable
      watch()
    case .waitsToWrite:
      awaited = .writable
      watch()
    case .failed: fail(handle.errorText)
    }
  }

  private func succeed(_ handle: ConnectionHandle) {
    guard handle.prepareForWork() else { return fail(handle.errorText) }
    finish(.success(handle))
  }

  private func fail(_ reason: String) { finish(.failure(PostgresError(.connectionFailed, detail: reason))) }

  private func finish(_ result: Result<ConnectionHandle, PostgresError>) {
    guard let completion else { return }
    self.completion = nil
    timer?.cancel()
    timer = nil
    source?.close()
    source = nil
    handle = nil
    completion(result)
  }
}

/// A handle for the length of one step of connecting, on another thread.
///
/// `@unchecked Sendable`: from before the step until its outcome is told on the loop, the attempt has no source for the
/// handle's socket and calls nothing of it; it may only let go of it, and what is left of it ends with this reference.
/// libpq allows a connection to be used, and closed, by one thread after the other.
private final class ConnectingHandle: @unchecked Sendable {
  enum Next: Sendable {
    case connected, waitsToRead, waitsToWrite, failed
  }

  private let handle: ConnectionHandle

  init(_ handle: ConnectionHandle) { self.handle = handle }

  func step() -> Next {
    switch handle.connectPoll() {
    case PGRES_POLLING_OK: .connected
    case PGRES_POLLING_READING: .waitsToRead
    case PGRES_POLLING_WRITING: .waitsToWrite
    default: .failed
    }
  }
}
