internal import EventLoops
internal import HTTPTypes
internal import Logging
internal import Time

/// One client's connection: reads requests, has them answered in order, and ends in an orderly way.
///
/// Belongs to its loop, and is run by one task there. Time-outs while reading and writing are deadlines of
/// the stream; the one of a whole request is a timer, because a responder waits for things of its own.
final class ServerConnection {
  private enum State {
    /// Between requests, with no byte of the next one.
    case idle
    case busy
    case ended
  }

  private let stream: ByteStream
  private let loop: EventLoop
  private let configuration: HTTPServerConfiguration
  private let responder: Responder
  private let encoder: ResponseEncoder
  private let logger: Logger
  /// The task that runs the connection; cancelled to end a responder's waits.
  var task: Task<Void, Never>?

  private var parser: RequestParser
  private var state = State.busy
  private var activity = ConnectionStanding.Activity.readingHead
  private var since = MonotonicInstant.now()
  private var isKnown = false
  private let held: HeldBytes
  private let newcomers: Newcomers
  /// What this connection adds to `held`.
  private(set) var heldBytes = 0
  private var drainStage = DrainStage.serving
  /// Whether a request has come.
  private var hasServed = false
  private var isEncrypted = false
  private var trustsPeer: Bool?
  private var headDeadline: MonotonicInstant?
  private var unsentResponses = 0
  private var isTickFlushScheduled = false
  private var body: RequestBodyReader?
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
    requestTimer = LazyTimer(loop: loop)
    parser = RequestParser(limits: configuration.parserLimits)
  }

  // MARK: Life

  /// Serves the connection until it ends.
  func run(tls: TLSContext?) async {
    requestTimer.onDue { [weak self] in self?.requestIsOverdue() }
    stream.onHangUp = { [weak self] in self?.task?.cancel() }
    if let tls {
      let deadline = MonotonicInstant.now() + configuration.headerReadTimeout
      do {
        try await stream.startTLS(tls, serverName: nil, deadline: deadline)
        isEncrypted = true
      } catch {
        logger.debug("TLS handshake failed", metadata: ["error": "\(error)"])
        end()
        return
      }
    }
    while state != .ended {
      do throws(RequestRefusal) {
        guard let request = try parse() else {
          try await receive()
          continue
        }
        guard await takeTurn() else { break }
        await serve(request)
      } catch {
        await refuse(error)
      }
    }
  }

  /// Goes on to the next stage of the server's end. A connection that waits for a request is closed if the stage says
  /// so, unless the request has come already; a busy one ends with its next answer.
  func drain(_ stage: DrainStage) {
    drainStage = max(drainStage, stage)
    if state == .idle, drainStage.closesIdle(hasServed: hasServed), !stream.hasUnreadInput { end() }
  }

  /// Ends at once, whatever is going on.
  func cut() {
    end()
    task?.cancel()
  }

  private func end() {
    state = .ended
    hold(0)
    requestTimer.cancel()
    stream.close()
    // The task may come to its end only after others in a crowd have had their turn.
    stream.inbound = ByteBuffer()
    stream.outbound = ByteBuffer()
  }

  var remoteAddress: SocketAddress? { stream.remoteAddress }

  // MARK: Standing

  var standing: ConnectionStanding { ConnectionStanding(activity: activity, isKnown: isKnown, since: since) }

  /// Ends for the sake of others, unless the next request has come already.
  /// - Returns: whether it has ended.
  func giveWay() -> Bool {
    guard state != .ended, !(state == .idle && stream.hasUnreadInput) else { return false }
    cut()
    return true
  }

  /// Counts what the system still keeps for a client that has been sent everything.
  func weigh() {
    guard activity == .idle || activity == .ending else { return }
    let kept = stream.unacknowledgedBytes
    hold(kept >= HeldBytes.worthCounting ? kept : 0)
  }

  private func hold(_ bytes: Int) {
    guard bytes != heldBytes else { return }
    let change = bytes - heldBytes
    heldBytes = bytes
    held.add(change)
  }

  // MARK: Reading

  private func parse() throws(RequestRefusal) -> ParsedRequest? {
    guard !stream.inbound.isEmpty else { return nil }
    let result = try stream.inbound.withReadableBytes { (bytes) throws(RequestRefusal) in
      try parser.parse(Span(_unsafeElements: bytes))
    }
    guard let result else { return nil }
    stream.inbound.consume(result.length)
    headDeadline = nil
    return result.request
  }

  /// Sends what is ready, then waits for more bytes.
  private func receive() async throws(RequestRefusal) {
    guard await flush() else { return }
    let now = MonotonicInstant.now()
    let isIdle = stream.inbound.isEmpty
    if isIdle, drainStage.closesIdle(hasServed: hasServed), !stream.hasUnreadInput {
      end()
      return
    }
    let deadline =
      isIdle ? now + configuration.idleTimeout : headDeadline ?? now + configuration.headerReadTimeout
    if isIdle {
      state = .idle
      activity = .idle
      since = now
      releaseMemory()
      hold(0)
    } else {
      if headDeadline == nil { since = now }
      activity = .readingHead
      headDeadline = deadline
      hold(stream.inbound.capacity)
    }
    do {
      let count = try await stream.receive(deadline: deadline)
      guard state != .ended else { return }
      state = .busy
      if count == 0 { end() }
    } catch {
      if error == .timedOut, !isIdle { throw .timeout }
      end()
    }
  }

  private func releaseMemory() {
    guard hasGrown || held.isCrowded else { return }
    hasGrown = false
    stream.inbound.releaseMemory()
    stream.outbound.releaseMemory()
  }

  // MARK: Answering

  /// In a crowd, strangers' requests are answered one at a time, each stranger in turn, after those of known callers.
  /// - Returns: false when the connection has ended meanwhile.
  private func takeTurn() async -> Bool {
    guard held.isCrowded, !isKnown else { return true }
    since = .now()
    hold(stream.inbound.capacity + stream.outbound.capacity)
    if hasServed {
      activity = .queued
      flushAtEndOfTick()
      await loop.waitForSpareTime()
    } else {
      // It may be a probe, or bring a token: it goes before further requests of others, and keeps its place.
      activity = .working
      await newcomers.take { await loop.waitForLongStep() }
    }
    return state != .ended
  }

  private func serve(_ parsed: ParsedRequest) async {
    let now = MonotonicInstant.now()
    let deadline = now + configuration.requestTimeout
    hasServed = true
    activity = .working
    hold(0)
    isCurrentSecure = isSecure(parsed)
    if parsed.framing != .none {
      body = RequestBodyReader(
        stream: stream,
        framing: parsed.framing,
        expectsContinue: parsed.expectsContinue,
        configuration: configuration,
        requestDeadline: deadline
      )
    }
    defer { body = nil }
    let response: ServerResponse
    if parsed.isServerWide {
      if let body, await !body.discardRest(), body.isCutShort {
        await refuse(.badRequest("the connection ended within the body"))
        return
      }
      response = Self.serverOptions
    } else {
      let request = ServerRequest(
        head: parsed.head,
        remoteAddress: stream.remoteAddress,
        isSecure: isCurrentSecure,
        deadline: deadline,
        source: body
      )
      flushAtEndOfTick()
      requestTimer.set(deadline)
      response = await responder(request)
      request.detach()
      if request.record.isAuthenticated { isKnown = true }
      requestTimer.clear()
      guard state != .ended else { return }
    }
    await send(response, to: parsed, now: now)
  }

  private func send(_ response: ServerResponse, to parsed: ParsedRequest, now: MonotonicInstant) async {
    var keepsAlive = parsed.keepsAlive && !drainStage.announcesEnd && !asksToClose(response)
    var hasRest = false
    switch body?.discardReceived() {
    case nil, .some(.none): break
    case .pending: hasRest = true
    case .unreadable: keepsAlive = false
    case .malformed(let reason):
      await refuse(.badRequest(reason))
      return
    }
    let acceptsGzip =
      encoder.mayCompress(response) && AcceptEncoding.allowsGzip(parsed.head.fields.list(.acceptEncoding))
    let context = ResponseEncoder.Context(
      isHead: parsed.head.method == .head,
      isSecure: isCurrentSecure,
      closes: !keepsAlive,
      saysKeepAlive: parsed.head.version == .http10,
      acceptsGzip: acceptsGzip,
      now: now
    )
    encoder.encode(response, context, to: &stream.outbound)
    unsentResponses += 1
    hasGrown = hasGrown || response.body.count > 4096 || body != nil
    guard keepsAlive else {
      let isWithinBody = body.map { !$0.isFinished } ?? false
      await close(
        // A client that asked for the end sends nothing more.
        lingering: parsed.keepsAlive || isWithinBody || !stream.inbound.isEmpty,
        isWithinBody: isWithinBody
      )
      return
    }
    if hasRest, let body {
      guard await flush() else { return }
      if await !body.discardRest() { await close(lingering: true, isWithinBody: true) }
    } else if unsentResponses >= configuration.maximumPipelinedResponses || stream.outbound.count > 65_536 {
      guard await flush() else { return }
      await loop.waitForSpareTime()
    }
  }

  /// The answer to `OPTIONS *`, whose body is dropped as it comes.
  private static let serverOptions = ServerResponse(
    status: .ok,
    fields: [.allow: "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"]
  )

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

  // MARK: Refusing and closing

  /// Answers by itself and closes; what the client sent behind is never looked at.
  private func refuse(_ refusal: RequestRefusal) async {
    encodeOwn(refusal.status, refusal.reason)
    await close(lingering: true, isWithinBody: true)
  }

  private func encodeOwn(_ status: HTTPResponse.Status, _ reason: String) {
    var response = configuration.errorResponse(status, reason)
    if status == .serviceUnavailable { response.fields[.retryAfter] = "\(configuration.retryAfterSeconds)" }
    let context = ResponseEncoder.Context(isSecure: isEncrypted || isCurrentSecure, closes: true, now: .now())
    encoder.encode(response, context, to: &stream.outbound)
  }

  /// Sends what is ready and closes.
  /// - Parameter lingering: the client may still be sending; see `LingeringClose`.
  private func close(lingering: Bool, isWithinBody: Bool) async {
    guard await flush() else { return }
    activity = .ending
    since = .now()
    if lingering { await LingeringClose(isWithinBody: isWithinBody, now: .now()).run(on: stream) }
    end()
  }

  // MARK: Sending

  /// - Returns: false when the connection has ended.
  private func flush() async -> Bool {
    guard state != .ended else { return false }
    unsentResponses = 0
    guard !stream.outbound.isEmpty else { return true }
    stream.flushWithoutWaiting()
    return stream.outbound.isEmpty ? true : await flushSlowly()
  }

  /// Goes on sending to a client that does not take everything at once.
  private func flushSlowly() async -> Bool {
    let before = activity
    activity = .sending
    since = .now()
    var pace = TransferPace(
      start: since,
      patience: configuration.writeTimeout,
      bytesPerSecond: configuration.minimumBodyBytesPerSecond
    )
    while !stream.outbound.isEmpty {
      let waiting = stream.outbound.count
      hold(stream.outbound.capacity + HeldBytes.systemShare)
      do { try await stream.flushSome(deadline: pace.deadline) } catch { end() }
      guard state != .ended else { return false }
      since = .now()
      pace.note(waiting - stream.outbound.count, now: since)
    }
    hold(0)
    activity = before
    return true
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

  // MARK: The whole request's deadline

  private func requestIsOverdue() {
    if let body, body.isReading {
      // The body's own wait ends now too; its reader answers with 408.
      requestTimer.set(.now() + .seconds(1))
    } else {
      encodeOwn(.serviceUnavailable, "request took too long")
      stream.flushWithoutWaiting()
      stream.finishWriting()
      cut()
    }
  }
}
