internal import EventLoops
internal import Time

/// Collects what is sent while a transaction is in progress, and sends it in one statement with the next: a commit costs
/// far more than the rows in it. A single message goes at once.
actor BatchingSender<Message: Sendable> {
  /// Sends the messages in their order, all or none.
  typealias Send = @Sendable ([Message], MonotonicInstant) async throws(BrokerError) -> Void

  private struct Waiting {
    let message: Message
    let deadline: MonotonicInstant
    let sent: CheckedContinuation<Result<Void, BrokerError>, Never>
  }

  nonisolated let loop: EventLoop
  nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

  /// Messages in one transaction at most.
  private let limit = 200
  private let sendAll: Send
  private var waiting: [Waiting] = []
  private var isSending = false

  init(loop: EventLoop, _ sendAll: @escaping Send) {
    self.loop = loop
    self.sendAll = sendAll
  }

  /// Returns when the message's transaction is committed.
  func send(_ message: Message, deadline: MonotonicInstant) async throws(BrokerError) {
    let result = await withCheckedContinuation { sent in
      waiting.append(Waiting(message: message, deadline: deadline, sent: sent))
      if !isSending {
        isSending = true
        Task(executorPreference: loop) { await self.sendGroups() }
      }
    }
    try result.get()
  }

  /// How many messages have not been sent yet.
  var waitingCount: Int { waiting.count }

  private func sendGroups() async {
    while !waiting.isEmpty {
      let group = Array(waiting.prefix(limit))
      waiting.removeFirst(group.count)
      await send(group)
    }
    isSending = false
  }

  private func send(_ group: [Waiting]) async {
    do throws(BrokerError) {
      guard let deadline = group.map(\.deadline).min() else { return }
      try await sendAll(group.map(\.message), deadline)
      for each in group { each.sent.resume(returning: .success(())) }
    } catch {
      // What the database will never take is one message's fault, and the others must not suffer for it.
      if error.kind == .refused, group.count > 1 {
        for each in group { await send([each]) }
      } else {
        for each in group { each.sent.resume(returning: .failure(error)) }
      }
    }
  }
}
