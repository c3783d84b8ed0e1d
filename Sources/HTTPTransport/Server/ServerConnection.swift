internal import EventLoops
internal import HTTPTypes
internal import Logging

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
  private var isDraining = false
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
    logger: Logger,
    responder: @escaping Responder
  ) {
    self.stream = stream
    self.loop = loop
    self.configuration = configuration
    self.encoder = encoder
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
        await serve(request)
      } catch {
        await refuse(error)
      }
    }
  }

  /// No further request is taken: an idle connection ends at once, a busy one with its next answer.
  func beginDraining() {
    isDraining = true
    if state == .idle { end() }
  }

  /// Ends at once, whatever is going on.
  func cut() {
    end()
    task?.cancel()
  }

  private func end() {
    state = .ended
    requestTimer.cancel()
    stream.close()
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
    if isIdle, isDraining {
      end()
      return
    }
    let deadline =
      isIdle ? now + configuration.idleTimeout : headDeadline ?? now + configuration.headerReadTimeout
    if isIdle {
      state = .idle
      releaseMemory()
    } else {
      headDeadline = deadline
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
    guard hasGrown else { return }
    hasGrown = false
    stream.inbound.releaseMemory()
    stream.outbound.releaseMemory()
  }

  // MARK: Answering

  private func serve(_ parsed: ParsedRequest) async {
    let now = MonotonicInstant.now()
    let deadline = now + configuration.requestTimeout
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
      guard let answer = await serverOptions() else { return }
      response = answer
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
      requestTimer.clear()
      guard state != .ended else { return }
    }
    await send(response, to: parsed, now: now)
  }

  private func send(_ response: ServerResponse, to parsed: ParsedRequest, now: MonotonicInstant) async {
    var keepsAlive = parsed.keepsAlive && !isDraining && !asksToClose(response)
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
      await close(lingering: !stream.inbound.isEmpty || body.map { !$0.isFinished } ?? false)
      return
    }
    if hasRest, let body {
      guard await flush(), await body.discardRest() else {
        end()
        return
      }
    } else if unsentResponses >= configuration.maximumPipelinedResponses || stream.outbound.count > 65_536 {
      guard await flush() else { return }
      await Task.yield()
    }
  }

  private static let serverOptions = ServerResponse(
    status: .ok,
    fields: [.allow: "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"]
  )

  /// The answer to `OPTIONS *`, given once its body, if any, has been read; nil if that body is refused.
  private func serverOptions() async -> ServerResponse? {
    guard let body else { return Self.serverOptions }
    do throws(RequestBodyError) {
      _ = try await body.readBody()
      return Self.serverOptions
    } catch {
      await refuse(RequestRefusal(status: error.status, reason: "unreadable body"))
      return nil
    }
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

  // MARK: Refusing and closing

  /// Answers by itself and closes; what the client sent behind is never looked at.
  private func refuse(_ refusal: RequestRefusal) async {
    encodeOwn(refusal.status, refusal.reason)
    await close(lingering: true)
  }

  private func encodeOwn(_ status: HTTPResponse.Status, _ reason: String) {
    var response = configuration.errorResponse(status, reason)
    if status == .serviceUnavailable { response.fields[.retryAfter] = "\(configuration.retryAfterSeconds)" }
    let context = ResponseEncoder.Context(isSecure: isEncrypted || isCurrentSecure, closes: true, now: .now())
    encoder.encode(response, context, to: &stream.outbound)
  }

  /// Sends what is ready and closes.
  /// - Parameter lingering: the client may still be sending. Closing with unread bytes would reset the
  ///   connection, and the reset could overtake the answer, so bytes are taken and dropped for a short while
  ///   (RFC 9112 §9.6).
  private func close(lingering: Bool) async {
    guard await flush() else { return }
    if lingering {
      stream.finishWriting()
      stream.inbound.removeAll()
      let deadline = MonotonicInstant.now() + .seconds(2)
      var dropped = 0
      while dropped < 1_048_576, let count = try? await stream.receive(deadline: deadline), count > 0 {
        dropped += count
        stream.inbound.removeAll()
      }
    }
    end()
  }

  // MARK: Sending

  /// - Returns: false when the connection has ended.
  private func flush() async -> Bool {
    guard state != .ended else { return false }
    unsentResponses = 0
    guard !stream.outbound.isEmpty else { return true }
    let allowed = configuration.writeTimeout + configuration.allowance(forBytes: stream.outbound.count)
    do {
      try await stream.flush(deadline: .now() + allowed)
    } catch {
      end()
      return false
    }
    return state != .ended
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
