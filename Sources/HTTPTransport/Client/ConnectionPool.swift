internal import Concurrency
internal import EventLoops
internal import HTTPTypes
internal import Time

/// The client connections of one event loop, by origin. Requests of the loop use it without leaving their thread.
actor ConnectionPool {
  /// What ends the wait for a slot.
  private enum WaitOutcome {
    case slot(ClientConnection?)
    case failed(HTTPClientError)
  }

  private final class Waiter {
    var continuation: UnsafeContinuation<Void, Never>?
    var timer: ScheduledTimer?
    var outcome: WaitOutcome?
  }

  private nonisolated let loop: EventLoop
  private let configuration: HTTPClientConfiguration
  private let tls: ClientTLS
  private var origins: [HTTPOrigin: OriginPool<ClientConnection>] = [:]
  private var waiters: [UInt64: Waiter] = [:]
  private var lastTicket: UInt64 = 0
  private var sweepTimer: ScheduledTimer?
  private var isShutDown = false

  init(loop: EventLoop, configuration: HTTPClientConfiguration, tls: ClientTLS) {
    self.loop = loop
    self.configuration = configuration
    self.tls = tls
  }

  /// Streams and timers belong to the loop, so they go there.
  isolated deinit { closeIdle { _ in true } }

  nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

  var statistics: [HTTPOriginStatistics] {
    origins.map { origin, pool in
      HTTPOriginStatistics(
        origin: origin,
        inUse: pool.inUse,
        idle: pool.idle.count,
        waiting: pool.waiting.count
      )
    }
  }

  // MARK: Requests

  func send(
    _ request: ClientRequest,
    deadline: MonotonicInstant
  ) async throws(HTTPClientError) -> ClientResponse {
    let origin = request.url.origin
    var connection = try await lease(origin, deadline: deadline)
    // The upstream may be closing the connection just now: what may not be sent twice would be lost, or not, and nobody
    // could tell.
    if !request.isIdempotent { close(&connection) }
    do throws(HTTPClientError) {
      let (response, isReusable) = try await exchange(request, on: &connection, deadline: deadline)
      if !isReusable { close(&connection) }
      release(connection, of: origin)
      return response
    } catch {
      close(&connection)
      release(nil, of: origin)
      throw error
    }
  }

  /// One exchange, or two: a connection that has been idle may have been closed by the upstream at the moment the
  /// request was sent, and then a new one is used, once, if the request does no harm twice (RFC 9112 §9.3.1).
  /// The same after status 408 on such a connection: the upstream sent it because nothing had come for a while, not as
  /// an answer (RFC 9110 §15.5.9).
  private func exchange(
    _ request: ClientRequest,
    on connection: inout ClientConnection?,
    deadline: MonotonicInstant
  ) async throws(HTTPClientError) -> (response: ClientResponse, isReusable: Bool) {
    if let reused = connection {
      do throws(HTTPClientError) {
        let exchanged = try await exchange(request, on: reused, deadline: deadline)
        guard exchanged.response.status == .requestTimeout, !isShutDown else { return exchanged }
      } catch {
        guard error == .closedBeforeAnswer, request.isIdempotent, !isShutDown else { throw error }
      }
      close(&connection)
    }
    let fresh = try await connect(to: request.url.origin, deadline: deadline)
    connection = fresh
    return try await exchange(request, on: fresh, deadline: deadline)
  }

  private func exchange(
    _ request: ClientRequest,
    on connection: ClientConnection,
    deadline: MonotonicInstant
  ) async throws(HTTPClientError) -> (response: ClientResponse, isReusable: Bool) {
    try await connection.exchange(
      request,
      userAgent: configuration.userAgent,
      maximumHeadBytes: configuration.maximumResponseHeadBytes,
      deadline: deadline
    )
  }

  private func connect(
    to origin: HTTPOrigin,
    deadline: MonotonicInstant
  ) async throws(HTTPClientError) -> ClientConnection {
    let limit = loop.now() + configuration.connectTimeout
    let proxy = configuration.proxy.flatMap { $0.serves(origin.host) ? $0 : nil }
    let stream: ByteStream
    do {
      stream = try await open(origin, by: proxy, deadline: min(limit, deadline))
    } catch {
      if Task.isCancelled { throw .cancelled }
      let isTimeout = (error as? StreamError) == .timedOut
      if isTimeout, deadline <= limit { throw .timedOut }
      let reason = (error as? ProxyTunnel.Refusal)?.reason ?? "\(error)"
      if let proxy { throw .proxy(proxy, origin, reason) }
      throw .connect(origin, (error as? StreamError) ?? .closed)
    }
    let connection = ClientConnection(stream)
    let identity = ObjectIdentifier(connection)
    stream.onInput = { [weak self] in self?.assumeIsolated { $0.inputCame(on: identity, of: origin) } }
    return connection
  }

  private func open(
    _ origin: HTTPOrigin,
    by proxy: HTTPProxy?,
    deadline: MonotonicInstant
  ) async throws -> ByteStream {
    let context = origin.scheme == .https ? try tls.context() : nil
    guard let proxy else {
      return try await ByteStream.connect(
        host: origin.host,
        port: origin.port,
        tls: context,
        deadline: deadline
      )
    }
    return try await ProxyTunnel.open(
      to: origin,
      by: proxy,
      userAgent: configuration.userAgent,
      tls: context,
      deadline: deadline
    )
  }

  private func close(_ connection: inout ClientConnection?) {
    connection?.stream.close()
    connection = nil
  }

  // MARK: Slots

  /// Waits for a slot.
  /// - Returns: a connection to reuse, or nil to make one.
  private func lease(
    _ origin: HTTPOrigin,
    deadline: MonotonicInstant
  ) async throws(HTTPClientError) -> ClientConnection? {
    guard !isShutDown else { throw .shutDown }
    guard !Task.isCancelled else { throw .cancelled }
    let now = loop.now()
    guard deadline > now else { throw .noConnectionInTime(origin) }
    lastTicket &+= 1
    let ticket = lastTicket
    switch origins[origin, default: emptyPool()].acquire(ticket: ticket) {
    case .reuse(let connection): return connection
    case .connect: return nil
    case .full: throw .poolExhausted(origin)
    case .wait: break
    }
    let limit = configuration.maximumWait.map { min(deadline, now + $0) } ?? deadline
    switch await wait(ticket, origin, deadline: limit) {
    case .slot(let connection):
      guard !Task.isCancelled else {
        release(connection, of: origin)
        throw .cancelled
      }
      return connection
    case .failed(let error): throw error
    }
  }

  private func emptyPool() -> OriginPool<ClientConnection> {
    OriginPool(
      maximumConnections: configuration.maximumConnectionsPerOrigin,
      maximumWaiting: configuration.maximumWaitingPerOrigin
    )
  }

  private func wait(_ ticket: UInt64, _ origin: HTTPOrigin, deadline: MonotonicInstant) async -> WaitOutcome {
    let waiter = Waiter()
    waiters[ticket] = waiter
    waiter.timer = loop.schedule(at: deadline) { [weak self] in
      self?.assumeIsolated { $0.endWait(ticket, origin, .noConnectionInTime(origin)) }
    }
    let loop = loop
    await withCancellableContinuation { continuation in
      if waiter.outcome == nil { waiter.continuation = continuation } else { continuation.resume() }
    } onCancel: {
      loop.execute { self.assumeIsolated { $0.endWait(ticket, origin, .cancelled) } }
    }
    return waiter.outcome ?? .failed(.cancelled)
  }

  private func endWait(_ ticket: UInt64, _ origin: HTTPOrigin, _ error: HTTPClientError) {
    guard waiters[ticket] != nil else { return }
    origins[origin]?.stopWaiting(ticket)
    resume(ticket, .failed(error))
    forgetIfEmpty(origin)
  }

  private func resume(_ ticket: UInt64, _ outcome: WaitOutcome) {
    guard let waiter = waiters.removeValue(forKey: ticket) else { return }
    waiter.outcome = outcome
    waiter.timer?.cancel()
    waiter.continuation?.resume()
    waiter.continuation = nil
  }

  /// Gives a slot back, with its connection if that can be used again.
  private func release(_ connection: ClientConnection?, of origin: HTTPOrigin) {
    var connection = connection
    if isShutDown { close(&connection) }
    switch origins[origin]?.release(connection, at: loop.now()) {
    case .handOver(let ticket, let connection): resume(ticket, .slot(connection))
    case .settled, nil:
      if connection != nil { scheduleSweep(after: configuration.idleTimeout) }
      forgetIfEmpty(origin)
    }
  }

  private func forgetIfEmpty(_ origin: HTTPOrigin) {
    if let pool = origins[origin], pool.isEmpty { origins[origin] = nil }
  }

  // MARK: Idle connections

  /// An idle connection has no use for bytes or an end (TLS's own records, which hold neither, are let pass).
  private func inputCame(on identity: ObjectIdentifier, of origin: HTTPOrigin) {
    let unwanted = origins[origin]?.removeIdle { idle in
      ObjectIdentifier(idle.connection) == identity && !idle.connection.isQuiet
    }
    for connection in unwanted ?? [] { connection.stream.close() }
    forgetIfEmpty(origin)
  }

  /// One timer serves all idle connections: it is set for the oldest.
  private func scheduleSweep(after delay: Duration) {
    guard sweepTimer == nil else { return }
    sweepTimer = loop.schedule(after: delay) { [weak self] in self?.assumeIsolated { $0.sweep() } }
  }

  private func sweep() {
    sweepTimer = nil
    let now = loop.now()
    closeIdle { $0.since + configuration.idleTimeout <= now }
    let oldest = origins.values.flatMap(\.idle).map(\.since).min()
    if let oldest { scheduleSweep(after: (oldest + configuration.idleTimeout).duration(since: now)) }
  }

  private func closeIdle(where isUnwanted: (OriginPool<ClientConnection>.Idle) -> Bool) {
    for origin in origins.keys {
      for connection in origins[origin]?.removeIdle(where: isUnwanted) ?? [] { connection.stream.close() }
      forgetIfEmpty(origin)
    }
  }

  /// Closes idle connections, ends waits, and refuses what comes. Exchanges in flight end by themselves.
  func shutdown() {
    isShutDown = true
    sweepTimer?.cancel()
    sweepTimer = nil
    for (origin, pool) in origins {
      for ticket in pool.waiting { endWait(ticket, origin, .shutDown) }
    }
    closeIdle { _ in true }
  }
}
