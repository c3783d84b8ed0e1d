internal import EventLoops
internal import Time

/// The end of a connection whose client may still be sending. Closing with bytes unread would reset the connection, and
/// the reset could overtake the last answer: so only our side ends at first, and what comes is taken and dropped until
/// the client ends its side too, or one of the times here is over (RFC 9112 §9.6).
struct LingeringClose: Sendable, Equatable {
  /// For all of it, however steadily bytes come.
  static let longest = Duration.seconds(30)
  /// For a client that is in the middle of a body, since its last byte.
  static let pauseWithinBody = Duration.seconds(5)
  /// For one of which nothing more is expected but its end.
  static let pauseAtEnd = Duration.seconds(1)
  /// Bytes after which the other connections of the loop have their turn.
  private static let turn = 262_144

  /// What is done after some bytes have been dropped.
  enum Next: Sendable, Equatable { case drop, letOthers, close }

  private let end: MonotonicInstant
  private let pause: Duration
  private var droppedInTurn = 0

  /// - Parameter isWithinBody: whether the client has yet to send the rest of a body.
  init(isWithinBody: Bool, now: MonotonicInstant) {
    end = now + Self.longest
    pause = isWithinBody ? Self.pauseWithinBody : Self.pauseAtEnd
  }

  /// When to close at last, if nothing more comes.
  func deadline(lastInput: MonotonicInstant) -> MonotonicInstant { min(end, lastInput + pause) }

  mutating func dropped(_ bytes: Int, now: MonotonicInstant) -> Next {
    droppedInTurn += bytes
    guard droppedInTurn >= Self.turn else { return .drop }
    droppedInTurn = 0
    return now < end ? .letOthers : .close
  }

  /// Ends our side and drops what comes, until the client is done. The stream is still to be closed then.
  func run(on stream: ByteStream) async {
    stream.finishWriting()
    stream.inbound.removeAll()
    stream.inbound.releaseMemory()
    stream.outbound.releaseMemory()
    var linger = self
    while let count = try? await stream.receive(deadline: linger.deadline(lastInput: stream.loop.now())),
      count > 0
    {
      stream.inbound.removeAll()
      switch linger.dropped(count, now: stream.loop.now()) {
      case .drop: continue
      case .letOthers: await Task.yield()
      case .close: return
      }
    }
  }
}
