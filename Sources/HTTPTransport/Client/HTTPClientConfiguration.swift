/// The limits of an `HTTPClient`. Each holds for one event loop: a process with four loops may have four times as many
/// connections to an origin.
public struct HTTPClientConfiguration: Sendable {
  /// Connections to one origin, at least 1. Default 32.
  public var maximumConnectionsPerOrigin = 32
  /// Requests that wait for a connection to one origin, from 0; one more fails at once with
  /// `HTTPClientError.poolExhausted`. Default 512.
  public var maximumWaitingPerOrigin = 512
  /// How long a request waits for a connection while all are busy; its own deadline holds as well. Less than that
  /// leaves time for an answer, once it is sent. Default nil: until the deadline.
  public var maximumWait: Duration?
  /// How long a connection may be idle before it is closed. Shorter than an upstream's own limit (often 60 s) it
  /// avoids sending into a connection that is just being closed. Default 30 s.
  public var idleTimeout: Duration = .seconds(30)
  /// For resolving the name, connecting and the TLS handshake together; the request's own deadline holds as well.
  /// Default 5 s.
  public var connectTimeout: Duration = .seconds(5)
  /// Bytes of an answer's status line and header section, at the most. Default 64 KiB.
  public var maximumResponseHeadBytes = 65_536
  /// The proxy that requests go by, but for the hosts it is not for. Default nil: none do.
  public var proxy: HTTPProxy?
  /// The field `User-Agent` of requests that have none of their own (RFC 9110 §10.1.5).
  public var userAgent = "hmpps-gateway"

  public init() {}
}
