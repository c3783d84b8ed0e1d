internal import EventLoops
internal import HTTPTypes
internal import Logging
internal import Time

/// What comes now and then.
extension ServerConnection {
  func carryOut(_ action: ConnectionMachine.Action, _ tls: TLSContext?) async
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

  func encodeOwn(_ status: HTTPResponse.Status, _ reason: String) {
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
