internal import Time

extension ConnectionMachine {
  /// The limits that a connection keeps; see `HTTPServerConfiguration`.
  struct Settings: Sendable, Equatable {
    let headerReadTimeout: Duration
    let idleTimeout: Duration
    let requestTimeout: Duration
    let writeTimeout: Duration
    let minimumBytesPerSecond: Int
    let maximumPipelinedResponses: Int
    /// Bytes of answers that are gathered before they are sent.
    let maximumUnsentBytes = 65_536

    init(_ configuration: HTTPServerConfiguration) {
      headerReadTimeout = configuration.headerReadTimeout
      idleTimeout = configuration.idleTimeout
      requestTimeout = configuration.requestTimeout
      writeTimeout = configuration.writeTimeout
      minimumBytesPerSecond = configuration.minimumBodyBytesPerSecond
      maximumPipelinedResponses = configuration.maximumPipelinedResponses
    }
  }

  /// What the connection needs to know of a request.
  struct Head: Sendable, Equatable {
    var keepsAlive = true
    var hasBody = false
    /// `OPTIONS *`, which the connection answers by itself.
    var isServerWide = false
  }

  /// What is left of a body that nobody reads.
  enum BodyRemainder: Sendable, Equatable {
    /// All of it has been dropped; the next request follows.
    case none
    /// More is to come.
    case pending
    /// It can not be got past: too long, broken off, or the client still waits to be asked for it.
    case unreadable
    case malformed(String)
  }

  enum Event: Sendable, Equatable {
    /// The connection was taken; its client speaks TLS first if it is encrypted.
    case opened(isEncrypted: Bool)
    case secured
    /// A whole head has come.
    case head(Head, isCrowded: Bool)
    /// What has come is no whole head.
    case noHead(hasInput: Bool)
    case refused(RequestRefusal)
    /// More bytes have come.
    case received
    /// The client has ended its side.
    case inputEnded
    /// The deadline of what was waited for has passed.
    case timedOut
    /// The connection is no more, or TLS was not agreed.
    case broken
    case turn
    /// Whether bytes have come that nobody has read.
    case input(isThere: Bool)
    case answered(asksToClose: Bool, isAuthenticated: Bool)
    case receivedDiscarded(BodyRemainder)
    /// - Parameter isCutShort: the client ended its side within the body.
    case restDiscarded(isComplete: Bool, isCutShort: Bool)
    case encoded(unsentBytes: Int, hasInput: Bool)
    case flushed(left: Int)
    /// A slow client has taken some.
    case taken(bytes: Int, left: Int)
    case lingered

    // From outside, at any time:
    case drain(DrainStage, hasUnreadInput: Bool)
    /// Others need the connection's room.
    case roomIsNeeded(hasUnreadInput: Bool)
    /// The deadline of the whole request has passed.
    case overdue(isReadingBody: Bool)
    case cut
  }

  enum Turn: Sendable, Equatable {
    /// The first request of a stranger in a crowd.
    case newcomer
    /// A further request of a stranger in a crowd.
    case further
    /// Others of the loop go first.
    case spare
  }

  enum Action: Sendable, Equatable {
    case secure(before: MonotonicInstant)
    case parse
    case receive(before: MonotonicInstant, isIdle: Bool)
    case waitForTurn(Turn)
    case lookForInput
    case answer(before: MonotonicInstant)
    /// Drop what has come of a body that nobody read.
    case discardReceived
    /// Wait for the rest of it, and drop that.
    case discardRest
    case encode(closes: Bool)
    /// Make the server's own answer ready, which announces the end.
    case refuse(RequestRefusal)
    /// Send what the client takes at once.
    case flush
    case flushSome(before: MonotonicInstant)
    case linger(LingeringClose)
    /// Look at the deadline of the request again.
    case setRequestTimer(at: MonotonicInstant)
    /// Answer that the request took too long, and end.
    case expire
    case end
  }
}
