public import EventLoops
public import Logging
internal import Time

/// An HTTP/1.1 server (RFC 9110, RFC 9112; HTTP/1.0 clients too), with a listener on each loop of a group.
/// Started once and shut down once.
public final class HTTPServer: Sendable {
  private let group: EventLoopGroup
  private let loops: [ServerLoop]
  private let counters: ServerCounters

  /// - Parameters:
  ///   - tls: a server's context to speak TLS, nil for plain TCP.
  ///   - group: where it runs; must outlive the server.
  ///   - logger: gets refused requests and failed handshakes at debug level; nothing of their content.
  ///   - responder: answers requests, on the loop of each one's connection.
  public init(
    configuration: HTTPServerConfiguration,
    tls: TLSContext?,
    group: EventLoopGroup,
    logger: Logger,
    responder: @escaping Responder
  ) {
    let counters = ServerCounters(countsPeers: configuration.maximumConnectionsPerPeer != nil)
    self.counters = counters
    self.group = group
    loops = group.loops.map {
      ServerLoop(
        loop: $0,
        configuration: configuration,
        tls: tls,
        share: group.loops.count,
        counters: counters,
        logger: logger,
        responder: responder
      )
    }
  }

  /// Listens on all loops; the kernel spreads new connections over them (SO_REUSEPORT).
  /// - Returns: the bound address, with the port the kernel chose if 0 was asked for.
  /// - Throws: `SystemError`; nothing is listened on then. `EADDRINUSE` also when another process shares its
  ///   port.
  public func start(address: SocketAddress) async throws(SystemError) -> SocketAddress {
    try Listener.checkFree(address)
    for loop in loops { await loop.join(loops) }
    var bound = address
    do throws(SystemError) {
      for loop in loops { bound = try await loop.listen(bound) }
    } catch {
      await shutdown(within: .zero)
      throw error
    }
    return bound
  }

  /// Gives a server that speaks TLS other certificates: for connections that come from now on; those that are open keep
  /// theirs.
  public func replaceTLS(_ context: TLSContext) async {
    for loop in loops { await loop.replaceTLS(context) }
  }

  /// Ends in stages: for `draining`, everything is answered as before, new connections too, but each answer says
  /// `Connection: close`. Then no connection is taken any more (a client that comes then is refused, none is reset),
  /// idle ones are closed, what is in flight is answered, and what is not done after `limit` is cut. Returns when all
  /// connections have ended, one second after the limit at the latest. May be called again with shorter times while it
  /// runs.
  /// - Parameters:
  ///   - limit: from now on, `draining` included.
  ///   - draining: longer than the clients' pauses between requests, so that each hears of the end in an answer.
  public func shutdown(within limit: Duration, draining: Duration = .zero) async {
    let now = group.now()
    await withTaskGroup(of: Void.self) { group in
      for loop in loops {
        group.addTask { await loop.shutdown(drainingUntil: now + draining, by: now + limit) }
      }
    }
  }

  /// Connections open now, over all loops.
  public var openConnections: Int { counters.openConnections }
  /// Connections accepted so far.
  public var acceptedConnections: Int { counters.acceptedConnections }
  /// Connections ended so far because others needed their room or their memory.
  public var endedConnections: Int { counters.endedConnections }
  /// Connections turned away so far because there was no room.
  public var refusedConnections: Int { counters.refusedConnections }
}
