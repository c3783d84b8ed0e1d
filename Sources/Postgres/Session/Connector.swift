import EventLoops
internal import Logging
internal import Time

/// Opens connections for one loop. While the server does not answer, one attempt at a time is made, with back-off and
/// jitter: the first retry at once, then from 25 ms up to the configured maximum.
final class Connector {
  typealias Completion = (Result<ConnectionHandle, PostgresError>) -> Void

  let loop: EventLoop
  /// Of the statements of all connections of the loop.
  let shapes = StatementShapes()
  private let parameters: ConnectionParameters
  private let connectTimeout: Duration
  private let maximumDelay: Duration
  private let logger: Logger
  private let notices: NoticeSink
  private var failures = 0
  private var nextAttempt = MonotonicInstant(nanoseconds: 0)
  private var rotation = 0
  private var waiting: [Completion] = []
  private var attempts: [ObjectIdentifier: ConnectionAttempt] = [:]
  private var timer: ScheduledTimer?
  private var lastWarning: MonotonicInstant?
  private var isClosed = false

  init(
    parameters: ConnectionParameters,
    configuration: PostgresConfiguration,
    loop: EventLoop,
    logger: Logger
  ) {
    self.parameters = parameters
    self.loop = loop
    self.logger = logger
    connectTimeout = configuration.connectTimeout
    maximumDelay = configuration.maximumReconnectDelay
    notices = NoticeSink(logger: logger)
  }

  /// Whether the last attempt failed.
  var isFailing: Bool { failures > 0 }

  /// Whether the server is known to be unreachable: it refused us twice in a row, or an attempt ran out of time.
  private(set) var isAway = false

  /// Why it failed, in the words of libpq or the server; nil if it did not.
  private(set) var lastFailure: String?

  /// The error for callers whose wait ended without a connection.
  var explanation: String { lastFailure.map { "no connection in time: \($0)" } ?? "no connection in time" }

  /// Opens a connection, now or after the back-off of recent failures. Callers that come while the server does
  /// not answer share the outcome of a failed attempt.
  func open(_ completion: @escaping Completion) {
    guard !isClosed else { return completion(.failure(PostgresError(.shutDown))) }
    guard isFailing else { return attempt(completion) }
    waiting.append(completion)
    attemptWhenDue()
  }

  /// Another loop reached the server: the back-off of this one's failures is over.
  func serverAnswers() {
    guard isFailing else { return }
    nextAttempt = loop.now()
    timer?.cancel()
    timer = nil
    attemptWhenDue()
  }

  func close() {
    isClosed = true
    timer?.cancel()
    for attempt in attempts.values { attempt.cancel() }
    finishWaiting(PostgresError(.shutDown))
  }

  private func attemptWhenDue() {
    guard timer == nil, attempts.isEmpty, !waiting.isEmpty else { return }
    timer = loop.schedule(at: nextAttempt) { [weak self] in
      guard let self else { return }
      timer = nil
      guard attempts.isEmpty, !waiting.isEmpty else { return }
      attempt(waiting.removeFirst())
    }
  }

  private func attempt(_ completion: @escaping Completion) {
    var key: ObjectIdentifier?
    var outcome: Result<ConnectionHandle, PostgresError>?
    let attempt = ConnectionAttempt(
      parameters,
      rotation: rotation,
      deadline: loop.now() + connectTimeout,
      loop: loop,
      notices: notices
    ) { [self] result in
      guard let key else {
        outcome = result
        return
      }
      attempts[key] = nil
      finish(result, completion)
    }
    // An attempt that fails at once does so before this line; its outcome is told from the loop, like any other.
    if let outcome {
      loop.atEndOfTick { self.finish(outcome, completion) }
    } else {
      key = ObjectIdentifier(attempt)
      attempts[ObjectIdentifier(attempt)] = attempt
    }
  }

  private func finish(_ result: Result<ConnectionHandle, PostgresError>, _ completion: Completion) {
    switch result {
    case .success:
      if isFailing { logger.info("database connection restored", metadata: ["attempts": "\(failures + 1)"]) }
      failures = 0
      isAway = false
      lastFailure = nil
      lastWarning = nil
      completion(result)
      let others = waiting
      waiting = []
      for other in others { open(other) }
    case .failure(let error):
      if !isClosed { note(error) }
      completion(result)
      finishWaiting(error)
    }
  }

  private func finishWaiting(_ error: PostgresError) {
    let others = waiting
    waiting = []
    for other in others { other(.failure(error)) }
  }

  private func note(_ error: PostgresError) {
    failures += 1
    isAway = failures > 1 || error.detail == ConnectionAttempt.outOfTime
    // libpq's words take several lines, which log lines and reports do not.
    lastFailure = error.detail.split(whereSeparator: \.isNewline).map { $0.drop(while: \.isWhitespace) }
      .joined(separator: "; ")
    rotation &+= 1
    let now = loop.now()
    nextAttempt = now + Self.delay(afterFailures: failures, maximum: maximumDelay)
    if let lastWarning, now.duration(since: lastWarning) < .seconds(30) { return }
    lastWarning = now
    logger.warning(
      "database connection failed: retrying with back-off",
      metadata: ["reason": "\(error.detail)"]
    )
  }

  static func delay(afterFailures failures: Int, maximum: Duration) -> Duration {
    guard failures > 1 else { return .zero }
    let doubled = Duration.milliseconds(25) * (1 << min(failures - 2, 16))
    return min(doubled, maximum) * Double.random(in: 0.5...1)
  }
}
