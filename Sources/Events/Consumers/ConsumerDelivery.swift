internal import Time

/// A delivery in the hands of a ``ConsumerMachine``, and how far it has got.
struct ConsumerDelivery: Equatable, Sendable {
  enum Stage: Equatable, Sendable {
    case new
    /// - until: when the handler is cancelled.
    case handling(until: MonotonicInstant)
    /// The handler was cancelled and has not ended yet.
    case cancelled
    /// Kept in flight while the database is in trouble, until the next try.
    case pausing(until: MonotonicInstant)
    /// It has failed; the queue is asked for its policy first.
    case failed
    /// It is to be retried.
    case scheduled(RetryPolicy.Decision)
    /// The queue is asked to hide it until it is retried.
    case retrying
    /// It has failed, and what decides about retries cannot be read.
    case unreadable
  }

  let arrival: ConsumerMachine.Arrival
  /// When it is no longer kept in flight, whatever the trouble.
  let patienceEnd: MonotonicInstant
  var stage = Stage.new
  /// When its visibility timeout is set again: half of it has passed then.
  var heartbeat: MonotonicInstant
  /// Whether it is to be said that it is kept.
  var isToBeKept = false
  var backOff = BackOff(initial: .milliseconds(100), maximum: .seconds(2), hasJitter: false)

  /// Whether its handler is at work.
  var isHandling: Bool {
    switch stage {
    case .handling, .cancelled: true
    case .new, .pausing, .failed, .scheduled, .retrying, .unreadable: false
    }
  }

  var isRetrying: Bool { stage == .retrying }

  /// Whether it is kept hidden.
  var isHidden: Bool {
    switch stage {
    case .handling, .cancelled, .pausing: true
    case .new, .failed, .scheduled, .retrying, .unreadable: false
    }
  }
}
