internal import EventLoops
internal import HTTPTypes
internal import Time

/// What comes with each request.
extension ServerConnection {
  /// The answer to `OPTIONS *`, whose body is dropped as it comes.
  private static let serverOptions = ServerResponse(
    status: .ok,
    fields: [.allow: "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"]
  )

  func parse() -> ConnectionMachine.Event {
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

  func begin(_ parsed: ParsedRequest, at now: MonotonicInstant, before deadline: MonotonicInstant)
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

  func bodyReader(_ parsed: ParsedRequest, before deadline: MonotonicInstant) -> RequestBodyReader? {
    guard parsed.framing != .none else { return nil }
    return RequestBodyReader(
      stream: stream,
      framing: parsed.framing,
      expectsContinue: parsed.expectsContinue,
      configuration: configuration,
      requestDeadline: deadline
    )
  }

  func encode(closes: Bool, at now: MonotonicInstant) -> ConnectionMachine.Event {
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

  func flush() -> ConnectionMachine.Event {
    stream.flushWithoutWaiting()
    return .flushed(left: stream.outbound.count)
  }

  func prepareToReceive(isIdle: Bool) {
    guard isIdle else { return hold(stream.inbound.capacity) }
    hold(0)
    guard hasGrown || held.isCrowded else { return }
    hasGrown = false
    stream.inbound.releaseMemory()
    stream.outbound.releaseMemory()
  }

  func asksToClose(_ response: ServerResponse) -> Bool {
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
  func flushAtEndOfTick() {
    guard !isTickFlushScheduled, !stream.outbound.isEmpty else { return }
    isTickFlushScheduled = true
    loop.atEndOfTick { [weak self] in
      guard let self else { return }
      isTickFlushScheduled = false
      stream.flushWithoutWaiting()
    }
  }
}
