public import EventLoops
public import Time

/// An HTTP/1.1 client on event loops: each loop keeps its own connections (RFC 9112 §9), so a request that is
/// sent from a loop stays on its thread.
public final class HTTPClient: Sendable {
  private let group: EventLoopGroup
  private let pools: [ConnectionPool]
  private let interceptor: HTTPClientInterceptor?
  private let tls: ClientTLS

  /// - Parameters:
  ///   - tls: authorities to trust for `https`; nil trusts the system's.
  ///   - interceptor: goes around each request.
  public init(
    group: EventLoopGroup,
    configuration: HTTPClientConfiguration = HTTPClientConfiguration(),
    tls: TLSContext? = nil,
    interceptor: HTTPClientInterceptor? = nil
  ) {
    self.interceptor = interceptor
    let tls = ClientTLS(tls)
    self.tls = tls
    self.group = group
    pools = group.loops.map { ConnectionPool(loop: $0, configuration: configuration, tls: tls) }
  }

  /// Sends a request and reads the whole answer, whatever its status. Redirects are not followed.
  ///
  /// A request is sent at most once, but for one case: a reused connection was closed before any byte of the answer
  /// and the request `isIdempotent`, or answered with 408, which says that the request was not read. One that is not
  /// has a new connection. Cancelling the task closes the connection.
  /// - Parameter deadline: for everything together: waiting for a connection, connecting, sending, the whole answer.
  /// - Throws: `HTTPClientError`.
  public func send(
    _ request: ClientRequest,
    deadline: MonotonicInstant
  ) async throws(HTTPClientError) -> ClientResponse {
    let pool = pool
    guard let interceptor else { return try await pool.send(request, deadline: deadline) }
    return try await interceptor(request) { (request) async throws(HTTPClientError) in
      try await pool.send(request, deadline: deadline)
    }
  }

  /// What deadlines given to ``send(_:deadline:)`` are measured by.
  public var clock: any MonotonicClock { group }

  /// Connections that are made from now on trust what this context does; those that are open live on.
  public func replaceTLS(_ context: TLSContext) { tls.replace(context) }

  /// The loop's own pool; any loop's when the caller runs on none of the group.
  private var pool: ConnectionPool {
    if let loop = EventLoop.current, loop.index < pools.count, group.loops[loop.index] === loop {
      return pools[loop.index]
    }
    let index = group.any().index
    return pools[index]
  }

  /// The origins that have connections or waiting requests now, ordered by name.
  public func statistics() async -> [HTTPOriginStatistics] {
    var sums: [HTTPOrigin: HTTPOriginStatistics] = [:]
    for pool in pools {
      for part in await pool.statistics {
        guard var sum = sums[part.origin] else {
          sums[part.origin] = part
          continue
        }
        sum.inUse += part.inUse
        sum.idle += part.idle
        sum.waiting += part.waiting
        sums[part.origin] = sum
      }
    }
    return sums.values.sorted { $0.origin.description < $1.origin.description }
  }

  /// Closes idle connections and fails waiting and later requests with `HTTPClientError.shutDown`. Exchanges in flight
  /// go on until their answer or deadline; their connections are closed then.
  public func shutdown() async {
    for pool in pools { await pool.shutdown() }
  }
}
