internal import Time

/// When each part of a stop is to be over, so that all of it is over in `SERVER_SHUTDOWN_TIMEOUT` whatever is stuck.
struct StopPlan: Equatable, Sendable {
  /// Until when requests are taken, each answered with `Connection: close`.
  let drainEnd: MonotonicInstant
  /// When requests in flight are cut, and the handlers of messages cancelled.
  let requestsEnd: MonotonicInstant
  /// When the relays are left behind: what they have not marked is published again by another process.
  let messagesEnd: MonotonicInstant
  /// When everything else is left behind.
  let end: MonotonicInstant

  /// Kept at the end of the time for what comes after the requests; less if there is little time.
  private static let longestTail = Duration.seconds(5)

  /// - Parameters:
  ///   - draining: `SERVER_DRAIN_TIME`.
  ///   - limit: `SERVER_SHUTDOWN_TIMEOUT`: for everything together.
  init(now: MonotonicInstant, draining: Duration, limit: Duration) {
    let tail = min(Self.longestTail, limit / 4)
    requestsEnd = now + (limit - tail)
    drainEnd = min(now + draining, requestsEnd)
    messagesEnd = now + (limit - tail * 2 / 5)
    end = now + limit
  }
}
