public import HTTPTypes

/// The limits and habits of a server. Every limit has its status. The defaults lie among those of nginx, Apache, Tomcat
/// and Node, the shorter one where a client could hold a connection.
public struct HTTPServerConfiguration: Sendable {
  /// Bytes of the request line, without CRLF. Over it: 414. Default 8,192; RFC 9112 §3 asks for at least
  /// 8,000.
  public var maximumRequestLineBytes = 8192
  /// Bytes of all header fields together. Over it: 431. Default 16,384.
  public var maximumHeaderBytes = 16_384
  /// Number of header fields. Over it: 431. Default 100.
  public var maximumHeaderFields = 100
  /// Bytes of a decoded request body. Over it `ServerRequest.body()` throws `.tooLarge`, to be answered with
  /// 413. Default 1 MiB.
  public var maximumBodyBytes = 1_048_576
  /// Open connections over all loops. For one more, that one is ended which can best be done without: see
  /// `ConnectionStanding`; if there is none, the new one is answered with 503 and closed. Default 8,192.
  public var maximumConnections = 8192
  /// Open connections of one address, of IPv6 one network of 64 bits. One more is answered with 503 and closed. nil, the
  /// default, for no limit: behind an ingress a few addresses bring everybody.
  public var maximumConnectionsPerPeer: Int?
  /// Connections over the limit that are being told so; more than these at once are closed without a word. Default 1,024.
  public var maximumTurnedAway = 1024
  /// Bytes that connections may hold over all loops while they wait for their clients: unfinished heads, and answers that
  /// are not taken. Beyond it connections are ended, strangers' first. Default 64 MiB.
  public var maximumHeldBytes = 67_108_864
  /// Answers to pipelined requests gathered before they are sent. The connection then also lets others of its
  /// loop have their turn, and reads no further request until the client has taken them. Default 32.
  public var maximumPipelinedResponses = 32
  /// Bytes of a body the responder did not read that are read and dropped to keep the connection. A longer
  /// rest closes it. Default 65,536.
  public var maximumDiscardedBodyBytes = 65_536

  /// For the whole head, from its first byte, and for the TLS handshake. Past it: 408 and close. Default 10
  /// s.
  public var headerReadTimeout = Duration.seconds(10)
  /// For a body, from the call that reads it; each `minimumBodyBytesPerSecond` bytes that came give another
  /// second. Past it: `.tooSlow`, to be answered with 408. Default 20 s.
  public var bodyReadTimeout = Duration.seconds(20)
  /// The least rate of a body once `bodyReadTimeout` is over, and of a client that takes its answer once
  /// `writeTimeout` is over. Default 500; 0 or less gives no time beyond the time-out.
  public var minimumBodyBytesPerSecond = 500
  /// Between requests, and before the first. Past it the connection is closed without a word. Default 75 s:
  /// longer than the 60 s of usual balancers, so that they close first: a server that does answers their next request with a reset.
  public var idleTimeout = Duration.seconds(75)
  /// For a whole request, from the end of its head until the responder has answered. Past it the client gets
  /// 503 with `Retry-After`, the responder's task is cancelled and the connection closed; a body still being
  /// read by then counts as too slow. Default 30 s.
  public var requestTimeout = Duration.seconds(30)
  /// How long a client may take nothing of what is being sent to it, and for the first of it; see
  /// `minimumBodyBytesPerSecond`. Past it the connection is closed. Default 30 s.
  public var writeTimeout = Duration.seconds(30)
  /// What `Retry-After` says in the server's own 503 answers, in seconds. Default 1.
  public var retryAfterSeconds = 1

  /// Bodies of at least so many bytes are compressed for clients that accept gzip; nil turns that off.
  /// Default 1,024: a smaller answer fits one packet either way.
  public var gzipMinimumBytes: Int? = 1024
  /// zlib's level, 1 (fast) to 9 (small). Default 4: compressing occupies the loop.
  public var gzipLevel = 4

  /// Whether `X-Forwarded-Proto: https` from a private-network peer makes a request secure (docs/contract/platform.md
  /// §9.3). Default true.
  public var trustsForwardedProto = true
  /// Connections the kernel holds until they are accepted. Default 1,024.
  public var backlog: Int32 = 1024

  /// Shapes the answers the server gives by itself: refused requests (400, 408, 414, 417, 431, 501, 505),
  /// passed deadlines and full servers (503). The text is fixed for each cause and safe to show. The server
  /// adds `Connection: close` and, with 503, `Retry-After`. Default: the text and a line end as `text/plain`.
  public var errorResponse: @Sendable (_ status: HTTPResponse.Status, _ reason: String) -> ServerResponse = {
    ServerResponse(status: $0, fields: [.contentType: "text/plain"], body: Array("\($1)\n".utf8))
  }

  /// The defaults.
  public init() {}

  var parserLimits: RequestParser.Limits {
    RequestParser.Limits(
      requestLineBytes: maximumRequestLineBytes,
      headerBytes: maximumHeaderBytes,
      headerFields: maximumHeaderFields
    )
  }

  /// The time at the least rate for a number of bytes.
  func allowance(forBytes count: Int) -> Duration {
    minimumBodyBytesPerSecond > 0
      ? .milliseconds(
        Int64(count).multipliedReportingOverflow(by: 1000).partialValue / Int64(minimumBodyBytesPerSecond)
      )
      : .zero
  }
}
