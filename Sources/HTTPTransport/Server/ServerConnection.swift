internal import EventLoops
internal import HTTPTypes
internal import Logging
internal import Time

/// One client's connection: carries out what `ConnectionMachine` decides.
///
/// Belongs to its loop, and is run by one task there. Time-outs while reading and writing are deadlines of
/// the stream; the one of a whole request is a timer, because a responder waits for things of its own.
final class ServerConnection {
  private let stream: ByteStream
  private let loop: EventLoop
  private let configuration: HTTPServerConfiguration
  private let responder: Responder
  private let encoder: ResponseEncoder
  private let logger: Logger
  /// The task that runs the connection; cancelled to end a responder's waits.
  var task: Task<Void, Never>?

  private var machine: ConnectionMachine
  private var parser: RequestParser
  private let held: HeldBytes
  private let newcomers: Newcomers
  /// What this connection adds to `held`.
  private(set) var heldBytes = 0
  private var isEncrypted = false
  private var trustsPeer: Bool?
  private var isTickFlushScheduled = false
  /// The request that is being answered, its body, and its answer.
  private var request: ParsedRequest?
  private var body: RequestBodyReader?
  private var response = ServerResponse(status: .ok)
  private let requestTimer: LazyTimer
  private var isCurrentSecure = false
  /// A large message has passed: the buffers are given back before the connection goes idle.
  private var hasGrown = false

  init(
    stream: ByteStream,
    loop: EventLoop,
    configuration: HTTPServerConfiguration,
    encoder: ResponseEncoder,
    held: HeldBytes,
    newcomers: Newcomers,
    logger: Logger,
    responder: @escaping Responder
  ) {
    self.stream = stream
    self.loop = loop
    self.configuration = configuration
    self.encoder = encoder
    self.held = held
    self.newcomers = newcomers
    self.logger = logger
    self.responder = responder
    machine = ConnectionMachine(ConnectionMachine.Settings(configuration), at: loop.now())
    requestTimer = LazyTimer(loop: loop)
    parser = RequestParser(limits: configuration.parserLimits)
  }

  // MARK: Life

  /// Serves the connection until it ends.
  func run(tls: TLSContext?) async {
    requestTimer.onDue { [weak self] in self?.requestIsOverdue() }
    stream.onHangUp = { [weak self] in self?.task?.cancel() }
    var event = ConnectionMachine.Event.opened(isEncrypted: tls != nil)
    var now = loop.now()
    while let action = machine.on(event, at: now) {
      // Each function that may wait costs a request some hundred instructions: what comes with each request is here.
      switch action {
      case .parse: event = parse()
      case .answer(let deadline):
        guard let parsed = request else { return end() }
        let request = begin(parsed, at: now, before: deadline)
        response = await responder(request)
        request.detach()
        requestTimer.clear()
        now = loop.now()
        event = .answered(
          asksToClose: asksToClose(response),
          isAuthenticated: request.record.isAuthenticated
        )
      case .encode(let closes): event = encode(closes: closes, at: now)
      case .flush: event = flush()
      case .receive(let deadline, let isIdle):
        prepareToReceive(isIdle: isIdle)
        // Whoever ends the connection closes its stream, and so ends the wait.
        do throws(StreamError) {
          event = try await stream.receiveUntilClosed(deadline: deadline) == 0 ? .inputEnded : .received
        } catch {
          event = error == .timedOut ? .timedOut : .broken
        }
        now = loop.now()
      case .end: return end()
      default:
        event = await carryOut(action, tls)
        now = loop.now()
      }
    }
  }

  /// Goes on to the next stage of the server's end. A connection that waits for a request is closed if the stage says
  /// so, unless the request has come already; a busy one ends with its next answer.
  func drain(_ stage: DrainStage) {
    tell(.drain(stage, hasUnreadInput: stage > .announcing && stream.hasUnreadInput))
  }

  /// Ends at once, whatever is going on.
  func cut() {
    tell(.cut)
    task?.cancel()
  }

  /// Ends for the sake of others, unless a request has come already that nobody has looked at.
  /// - Returns: whether it has ended.
  func giveWay() -> Bool {
    guard !machine.isEnded else { return false }
    tell(.roomIsNeeded(hasUnreadInput: stream.hasUnreadInput))
    guard machine.isEnded else { return false }
    task?.cancel()
    return true
  }

  private func requestIsOverdue() { tell(.overdue(isReadingBody: body?.isReading ?? false)) }

  /// What happens from outside, while the task waits for something.
  private func tell(_ event: ConnectionMachine.Event) {
    switch machine.on(event, at: loop.now()) {
    case .end: end()
    case .setRequestTimer(let instant): requestTimer.set(instant)
    case .expire:
      encodeOwn(.serviceUnavailable, "request took too long")
      stream.flushWithoutWaiting()
      stream.finishWriting()
      end()
      task?.cancel()
    default: break
    }
  }

  private func end() {
    hold(0)
    requestTimer.cancel()
    stream.close()
    // The task may come to its end only after others in a crowd have had their turn.
    stream.inbound = ByteBuffer()
    stream.outbound = ByteBuffer()
  }

  // MARK: For the server

  var remoteAddress: SocketAddress? { stream.remoteAddress }
  var standing: ConnectionStanding { machine.standing }

  /// Counts what the system still keeps for a client that has been sent everything.
  func weigh() {
    guard machine.activity == .idle || machine.activity == .ending else { return }
    let kept = stream.unacknowledgedBytes
    hold(kept >= HeldBytes.worthCounting ? kept : 0)
  }

  private func hold(_ bytes: Int) {
    guard bytes != heldBytes else { return }
    let change = bytes - heldBytes
    heldBytes = bytes
    held.add(change)
  }

  // MARK: With each request

  private func parse() -> ConnectionMachine.Event {
    body = nil
    request = nil
    guard !stream.inbound.isEmpty else { return .noHead(hasInput: false) }
    do throws(RequestRefusal) {
      let result = try stream.inbound.withReadableBytes { (bytes) throws(RequestRefusal) in
        try parser.parse(Span(_unsafeElements: bytes))
      }
      guard let result else { return .noHead(hasInput: true) }
      stream.inbound.consume(result.length)
      request = result.request
      let head = ConnectionMachine.Head(
        keepsAlive: result.request.keepsAlive,
        hasBody: result.request.framing != .none,
        isServerWide: result.request.isServerWide
      )
      isCurrentSecure = isSecure(result.request)
      return .head(head, isCrowded: held.isCrowded)
    } catch {
      return .refused(error)
    }
  }

  private func begin(_ parsed: ParsedRequest, at now: MonotonicInstant, before deadline: MonotonicInstant)
    -> ServerRequest
  {
    hold(0)
    body = bodyReader(parsed, before: deadline)
    flushAtEndOfTick()
    requestTimer.set(deadline)
    return ServerRequest(
      head: parsed.head,
      remoteAddress: stream.remoteAddress,
      isSecure: isCurrentSecure,
      arrival: now,
      deadline: deadline,
      timer: requestTimer,
      clock: loop,
      source: body
    )
  }

  private func bodyReader(_ parsed: ParsedRequest, before deadline: MonotonicInstant) -> RequestBodyReader? {
    guard parsed.framing != .none else { return nil }
    return RequestBodyReader(
      stream: stream,
      framing: parsed.framing,
      expectsContinue: parsed.expectsContinue,
      configuration: configuration,
      requestDeadline: deadline
    )
  }

  private func encode(closes: Bool, at now: MonotonicInstant) -> ConnectionMachine.Event {
    guard let request else { return .broken }
    if request.isServerWide { response = Self.serverOptions }
    let acceptsGzip =
      encoder.mayCompress(response) && AcceptEncoding.allowsGzip(request.head.fields.list(.acceptEncoding))
    let context = ResponseEncoder.Context(
      isHead: request.head.method == .head,
      isSecure: isCurrentSecure,
      closes: closes,
      saysKeepAlive: request.head.version == .http10,
      acceptsGzip: acceptsGzip,
      now: now
    )
    encoder.encode(response, context, to: &stream.outbound)
    hasGrown = hasGrown || response.body.count > 4096 || body != nil
    return .encoded(unsentBytes: stream.outbound.count, hasInput: !stream.inbound.isEmpty)
  }

  private func flush() -> ConnectionMachine.Event {
    stream.flushWithoutWaiting()
    return .flushed(left: stream.outbound.count)
  }

  private func prepareToReceive(isIdle: Bool) {
    guard isIdle else { return hold(stream.inbound.capacity) }
    hold(0)
    guard hasGrown || held.isCrowded else { return }
    hasGrown = false
    stream.inbound.releaseMemory()
    stream.outbound.releaseMemory()
  }

  private func asksToClose(_ response: ServerResponse) -> Bool {
    guard response.fields.known.contains(.connection) else { return false }
    return response.fields[.connection]?.lowercased().contains("close") ?? false
  }

  private func isSecure(_ parsed: ParsedRequest) -> Bool {
    if isEncrypted { return true }
    guard parsed.isForwardedSecure, configuration.trustsForwardedProto else { return false }
    if let trustsPeer { return trustsPeer }
    let trusted = stream.remoteAddress?.isPrivate ?? false
    trustsPeer = trusted
    return trusted
  }

  /// Answers to earlier pipelined requests must not wait for a responder that waits for something else.
  private func flushAtEndOfTick() {
    guard !isTickFlushScheduled, !stream.outbound.isEmpty else { return }
    isTickFlushScheduled = true
    loop.atEndOfTick { [weak self] in
      guard let self else { return }
      isTickFlushScheduled = false
      stream.flushWithoutWaiting()
    }
  }

  // MARK: Now and then

  /// The answer to `OPTIONS *`, whose body is dropped as it comes.
  private static let serverOptions = ServerResponse(
    status: .ok,
    fields: [.allow: "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"]
  )

  private func carryOut(_ action: ConnectionMachine.Action, _ tls: TLSContext?) async
    -> ConnectionMachine.Event
  {
    switch action {
    case .secure(let deadline): return await secure(tls, before: deadline)
    case .waitForTurn(let turn):
      await waitForTurn(turn)
      return .turn
    case .lookForInput: return .input(isThere: stream.hasUnreadInput)
    case .discardReceived: return .receivedDiscarded(body?.discardReceived() ?? .none)
    case .discardRest:
      if body == nil, let request {
        body = bodyReader(request, before: loop.now() + configuration.requestTimeout)
      }
      let isComplete = await body?.discardRest() ?? true
      return .restDiscarded(isComplete: isComplete, isCutShort: body?.isCutShort ?? false)
    case .refuse(let refusal):
      encodeOwn(refusal.status, refusal.reason)
      return .encoded(unsentBytes: stream.outbound.count, hasInput: true)
    case .flushSome(let deadline): return await flushSome(before: deadline)
    case .linger(let linger):
      await linger.run(on: stream)
      return .lingered
    default: return .broken
    }
  }

  private func secure(_ tls: TLSContext?, before deadline: MonotonicInstant) async -> ConnectionMachine.Event
  {
    guard let tls else { return .broken }
    do {
      try await stream.startTLS(tls, serverName: nil, deadline: deadline)
      isEncrypted = true
      return .secured
    } catch {
      logger.debug("TLS handshake failed", metadata: ["error": "\(error)"])
      return .broken
    }
  }

  private func waitForTurn(_ turn: ConnectionMachine.Turn) async {
    switch turn {
    case .spare: await loop.waitForSpareTime()
    case .further:
      hold(stream.inbound.capacity + stream.outbound.capacity)
      flushAtEndOfTick()
      await loop.waitForSpareTime()
    case .newcomer:
      hold(stream.inbound.capacity + stream.outbound.capacity)
      await newcomers.take { await loop.waitForLongStep() }
    }
  }

  private func flushSome(before deadline: MonotonicInstant) async -> ConnectionMachine.Event {
    let waiting = stream.outbound.count
    hold(stream.outbound.capacity + HeldBytes.systemShare)
    do { try await stream.flushSome(deadline: deadline) } catch { return .broken }
    let left = stream.outbound.count
    if left == 0 { hold(0) }
    return .taken(bytes: waiting - left, left: left)
  }

  private func encodeOwn(_ status: HTTPResponse.Status, _ reason: String) {
    var response = configuration.errorResponse(status, reason)
    if status == .serviceUnavailable { response.fields[.retryAfter] = "\(configuration.retryAfterSeconds)" }
    let context = ResponseEncoder.Context(
      isSecure: isEncrypted || isCurrentSecure,
      closes: true,
      now: loop.now()
    )
    encoder.encode(response, context, to: &stream.outbound)
  }
}
