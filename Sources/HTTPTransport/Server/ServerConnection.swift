internal import EventLoops
internal import HTTPTypes
internal import Logging
internal import Time

/// One client's connection: carries out what `ConnectionMachine` decides.
///
/// Belongs to its loop, and is run by one task there. Time-outs while reading and writing are deadlines of
/// the stream; the one of a whole request is a timer, because a responder waits for things of its own.
final class ServerConnection {
  let stream: ByteStream
  let loop: EventLoop
  let configuration: HTTPServerConfiguration
  let responder: Responder
  let encoder: ResponseEncoder
  let logger: Logger
  /// The task that runs the connection; cancelled to end a responder's waits.
  var task: Task<Void, Never>?

  private var machine: ConnectionMachine
  var parser: RequestParser
  let held: HeldBytes
  let newcomers: Newcomers
  /// What this connection adds to `held`.
  private(set) var heldBytes = 0
  var isEncrypted = false
  var trustsPeer: Bool?
  var isTickFlushScheduled = false
  /// The request that is being answered, its body, and its answer.
  var request: ParsedRequest?
  var body: RequestBodyReader?
  var response = ServerResponse(status: .ok)
  let requestTimer: LazyTimer
  var isCurrentSecure = false
  /// A large message has passed: the buffers are given back before the connection goes idle.
  var hasGrown = false

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

  func hold(_ bytes: Int) {
    guard bytes != heldBytes else { return }
    let change = bytes - heldBytes
    heldBytes = bytes
    held.add(change)
  }
}
