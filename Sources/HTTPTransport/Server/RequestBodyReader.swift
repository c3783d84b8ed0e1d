internal import EventLoops
internal import Time

/// Takes one request's body off its connection: for the responder, or to drop it.
final class RequestBodyReader: RequestBodySource {
  private enum Coding {
    case length(remaining: Int)
    case chunked(ChunkedDecoder)
  }

  private let stream: ByteStream
  private let configuration: HTTPServerConfiguration
  private let requestDeadline: MonotonicInstant
  private var coding: Coding
  private var mustSendContinue: Bool
  private var isBroken = false
  private(set) var isFinished = false
  /// Whether the client ended its side within a body that was being dropped.
  private(set) var isCutShort = false
  /// Whether a responder is waiting for the client right now.
  private(set) var isReading = false

  /// - Parameter framing: anything but `.none`.
  init(
    stream: ByteStream,
    framing: RequestFraming,
    expectsContinue: Bool,
    configuration: HTTPServerConfiguration,
    requestDeadline: MonotonicInstant
  ) {
    self.stream = stream
    self.configuration = configuration
    self.requestDeadline = requestDeadline
    mustSendContinue = expectsContinue
    switch framing {
    case .none: coding = .length(remaining: 0)
    case .length(let length): coding = .length(remaining: length)
    case .chunked: coding = .chunked(ChunkedDecoder(maximumBodyBytes: configuration.maximumBodyBytes))
    }
  }

  // MARK: For the responder

  func readBody() async throws(RequestBodyError) -> [UInt8] {
    guard !isFinished, !isBroken else { return [] }
    isReading = true
    isBroken = true
    defer { isReading = false }
    let body: [UInt8]
    switch coding {
    case .length(let length): body = try await readSized(length)
    case .chunked(var decoder): body = try await readChunked(&decoder)
    }
    isBroken = false
    isFinished = true
    return body
  }

  private func readSized(_ length: Int) async throws(RequestBodyError) -> [UInt8] {
    guard length <= configuration.maximumBodyBytes else {
      throw .tooLarge(limit: configuration.maximumBodyBytes)
    }
    if stream.inbound.count < length {
      try await sendContinue()
      let start = stream.loop.now()
      while stream.inbound.count < length {
        try await receive(since: start, received: stream.inbound.count)
      }
    }
    mustSendContinue = false
    return stream.inbound.read(length)
  }

  private func readChunked(_ decoder: inout ChunkedDecoder) async throws(RequestBodyError) -> [UInt8] {
    var body: [UInt8] = []
    try decode(&decoder, into: &body)
    guard !decoder.isComplete else {
      mustSendContinue = false
      return body
    }
    try await sendContinue()
    let start = stream.loop.now()
    while !decoder.isComplete {
      try await receive(since: start, received: body.count)
      try decode(&decoder, into: &body)
    }
    return body
  }

  private func decode(_ decoder: inout ChunkedDecoder, into body: inout [UInt8]) throws(RequestBodyError) {
    do throws(ChunkedDecodingError) {
      try decoder.decode(&stream.inbound, into: &body)
    } catch {
      switch error {
      case .malformed(let reason): throw .malformed(reason)
      case .tooLarge(let limit): throw .tooLarge(limit: limit)
      }
    }
  }

  /// Answers the expectation, behind what earlier requests still have to be sent.
  private func sendContinue() async throws(RequestBodyError) {
    guard mustSendContinue else { return }
    mustSendContinue = false
    stream.outbound.append("HTTP/1.1 100 Continue\r\n\r\n")
    do { try await stream.flush(deadline: requestDeadline) } catch { throw .disconnected }
  }

  private func receive(since start: MonotonicInstant, received: Int) async throws(RequestBodyError) {
    let deadline = start + configuration.bodyReadTimeout + configuration.allowance(forBytes: received)
    let count: Int
    do {
      count = try await stream.receive(limit: 65_536, deadline: min(deadline, requestDeadline))
    } catch {
      throw error == .timedOut ? .tooSlow : .disconnected
    }
    guard count > 0 else { throw .disconnected }
  }

  // MARK: For the connection

  /// Drops what has come of a body that nobody read.
  func discardReceived() -> ConnectionMachine.BodyRemainder {
    guard !isFinished else { return .none }
    guard !isBroken, !mustSendContinue else { return .unreadable }
    switch coding {
    case .length(let remaining):
      let dropped = min(remaining, stream.inbound.count)
      stream.inbound.consume(dropped)
      coding = .length(remaining: remaining - dropped)
      isFinished = dropped == remaining
      if isFinished { return .none }
      return remaining - dropped <= configuration.maximumDiscardedBodyBytes ? .pending : .unreadable
    case .chunked(var decoder):
      var dropped: [UInt8] = []
      do throws(ChunkedDecodingError) {
        try decoder.decode(&stream.inbound, into: &dropped)
      } catch {
        guard case .malformed(let reason) = error else { return .unreadable }
        return .malformed(reason)
      }
      coding = .chunked(decoder)
      isFinished = decoder.isComplete
      return isFinished ? .none : .pending
    }
  }

  /// Waits for the rest of a body that nobody read, and drops it.
  /// - Returns: whether the connection is at the start of the next request.
  func discardRest() async -> Bool {
    let start = stream.loop.now()
    let received = stream.receivedBytes
    while true {
      switch discardReceived() {
      case .none: return true
      case .unreadable, .malformed: return false
      case .pending: break
      }
      guard stream.receivedBytes - received <= configuration.maximumDiscardedBodyBytes else { return false }
      let count = try? await stream.receive(deadline: start + configuration.bodyReadTimeout)
      guard let count, count > 0 else {
        isCutShort = count == 0
        return false
      }
    }
  }
}
