internal import CLibPQ
import EventLoops

/// Opens one connection without blocking its loop: resolves names elsewhere, then follows PQconnectPoll.
final class ConnectionAttempt {
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
    timer = loop.schedule(at: deadline) { self.fail("timed out") }
    guard parameters.targets.contains(where: \.needsResolution) else {
      start(parameters.keywords(for: Self.rotate(parameters.targets, by: rotation)))
      return
    }
    let me = LoopBound(self)
    HostNames.resolve(parameters.targets, on: loop) { resolved in
      if resolved.isEmpty {
        me.value.fail("the host name has no address")
      } else {
        me.value.start(parameters.keywords(for: Self.rotate(resolved, by: rotation)))
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
    switch handle.connectPoll() {
    case PGRES_POLLING_OK: succeed(handle)
    case PGRES_POLLING_READING:
      awaited = .readable
      watch()
    case PGRES_POLLING_WRITING:
      awaited = .writable
      watch()
    default: fail(handle.errorText)
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
