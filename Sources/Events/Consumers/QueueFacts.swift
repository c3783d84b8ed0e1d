internal import Time

/// What a queue has said of itself, and when it is to be asked again: a queue may be changed at any time.
struct QueueFacts: Equatable, Sendable {
  /// How long a timeout counts. It is asked for again as well when a message comes again while it is handled.
  private static let timeoutLifetime = Duration.seconds(60)
  /// How long a policy counts: less than a message that failed is hidden for, if it is hidden at all. Messages that fail
  /// together ask together.
  private static let policyLifetime = Duration.seconds(1)

  /// SQS's default until the queue has told.
  private(set) var visibilityTimeout = Duration.seconds(30)
  /// What was told last stays while the queue does not answer.
  private(set) var maxReceiveCount: Int?
  private(set) var isAsking = false
  /// Whether the queue has been asked since the last poll, and did not answer.
  private var isUnanswered = false
  private var lastTold: MonotonicInstant?
  private var lastAnswer: MonotonicInstant?
  private var isContradicted = false

  mutating func asked() { isAsking = true }

  mutating func told(_ timeout: Duration, _ maximum: Int?, at now: MonotonicInstant) {
    visibilityTimeout = max(timeout, .milliseconds(100))
    maxReceiveCount = maximum
    (isAsking, isUnanswered, isContradicted) = (false, false, false)
    (lastTold, lastAnswer) = (now, now)
  }

  mutating func notTold(at now: MonotonicInstant) {
    (isAsking, isUnanswered) = (false, true)
    lastAnswer = now
  }

  /// A message came again while it was kept hidden: the queue's timeout must be shorter than it was.
  mutating func contradicted() { isContradicted = true }

  mutating func polled() { isUnanswered = false }

  /// Whether the queue is to be asked for its timeout.
  func isTimeoutDue(at now: MonotonicInstant) -> Bool {
    guard !isAsking, let lastTold else { return !isAsking && !isUnanswered }
    return isContradicted || now >= lastTold + Self.timeoutLifetime
  }

  /// Whether a poll has to wait for the first answer.
  var isUnknown: Bool { lastTold == nil && !isUnanswered }

  func isPolicyFresh(at now: MonotonicInstant) -> Bool {
    lastAnswer.map { now < $0 + Self.policyLifetime } ?? false
  }
}
