public import EventLoops
internal import HTTPTypes
public import Time

/// One request on its way through a responder. Belongs to its connection's loop.
public final class ServerRequest {
  /// Method, target and fields, all checked.
  public let head: RequestHead
  /// The other end of the connection: the client, or the proxy before us.
  public let remoteAddress: SocketAddress?
  /// Whether the client's side is encrypted: TLS here, or at a proxy that is trusted to say so
  /// (docs/contract/platform.md §9.3).
  public let isSecure: Bool
  /// When it had come, all but its body.
  public let arrival: MonotonicInstant
  /// When the whole request must be answered. Waits for upstreams and databases end by then at the latest.
  public private(set) var deadline: MonotonicInstant
  /// What `arrival` and `deadline` are measured by.
  public let clock: any MonotonicClock
  /// Whether the client announced a body (which may turn out to be empty).
  public let hasBody: Bool
  /// What has become known of it so far, for whoever measures it or writes the log.
  public var record = RequestRecord()

  /// Of the server, which answers for whoever overruns the deadline; nil where nobody does.
  private var timer: LazyTimer?
  private var source: (any RequestBodySource)?
  private var buffered: [UInt8]

  /// A request that is complete already: for tests, and for requests that come by another way than a socket.
  public init(
    head: RequestHead,
    body: [UInt8] = [],
    remoteAddress: SocketAddress? = nil,
    isSecure: Bool = false,
    deadline: MonotonicInstant,
    clock: any MonotonicClock
  ) {
    self.head = head
    self.remoteAddress = remoteAddress
    self.isSecure = isSecure
    arrival = clock.now()
    self.deadline = deadline
    self.clock = clock
    hasBody = !body.isEmpty
    buffered = body
  }

  init(
    head: RequestHead,
    remoteAddress: SocketAddress?,
    isSecure: Bool,
    arrival: MonotonicInstant,
    deadline: MonotonicInstant,
    timer: LazyTimer?,
    clock: EventLoop,
    source: (any RequestBodySource)?
  ) {
    self.head = head
    self.remoteAddress = remoteAddress
    self.isSecure = isSecure
    self.arrival = arrival
    self.deadline = deadline
    self.clock = clock
    hasBody = source != nil
    buffered = []
    self.timer = timer
    self.source = source
  }

  /// Host and port as the client knows them, for the text of links and challenges alone: what a trusted proxy says it
  /// was asked for (`X-Forwarded-Host` and, where that has no port, `X-Forwarded-Port`, the first of a list;
  /// docs/contract/platform.md §9.3), or the request's own authority. The client may have written those fields, so that
  /// nothing is decided by them: `RequestHead.isAddressed(to:)` is for that.
  public var statedAuthority: String {
    guard let host = firstForwarded(Self.forwardedHost), Authority.isValid(host.utf8Span.span),
      remoteAddress?.isPrivate ?? false
    else { return head.authority }
    guard Authority.port(host.utf8Span.span) == nil,
      let port = firstForwarded(Self.forwardedPort).flatMap({ UInt16($0) }),
      port != (isSecure ? 443 : 80)
    else { return host }
    return "\(host):\(port)"
  }

  private static let forwardedHost = HTTPField.Name("X-Forwarded-Host")
  private static let forwardedPort = HTTPField.Name("X-Forwarded-Port")

  /// The first value of a field that is a list, without blanks; nil if there is none.
  private func firstForwarded(_ name: HTTPField.Name?) -> String? {
    guard let name, let list = head.fields.list(name) else { return nil }
    let value = list.utf8Span.span
    let first = value.extracting(FieldList.first(value))
    return first.isEmpty ? nil : first.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
  }

  /// The whole body, with chunks joined and trailers dropped. The first call answers `Expect: 100-continue`;
  /// a second call, and one after the request was answered, gives an empty body.
  /// - Throws: `RequestBodyError`.
  public func body() async throws(RequestBodyError) -> [UInt8] {
    if let source {
      self.source = nil
      return try await source.readBody()
    }
    let body = buffered
    buffered = []
    return body
  }

  /// Lets the answer take longer than the server lets others take. The body has to come in the same time as theirs.
  /// - Parameter limit: from the request's arrival; one that is shorter than the server's changes nothing.
  public func allow(_ limit: Duration) {
    guard arrival + limit > deadline else { return }
    deadline = arrival + limit
    timer?.set(deadline)
  }

  /// Cuts the request off from its connection, which goes on to the next one.
  func detach() { (source, timer) = (nil, nil) }
}

/// Where the bytes of a body come from.
protocol RequestBodySource: AnyObject {
  func readBody() async throws(RequestBodyError) -> [UInt8]
}

/// Answers requests. Runs on the connection's loop, so it must not block; when the request's deadline passes
/// or the client resets the connection, its task is cancelled.
public typealias Responder = @Sendable (ServerRequest) async -> ServerResponse
