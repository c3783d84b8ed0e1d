internal import CLinux
public import Time

extension ByteStream {
  /// Waits for bytes and appends them to `inbound`.
  /// - Parameters:
  ///   - limit: bytes to read at the most, in this call; never more than 65,536 are.
  ///   - deadline: when to give up; nil waits for ever.
  /// - Returns: how many bytes came; 0 at the end of the stream.
  /// - Throws: `StreamError`.
  public func receive(limit: Int = 16_384, deadline: MonotonicInstant? = nil) async throws(StreamError) -> Int
  {
    var needed: Readiness = .readable
    while true {
      if let count = try receive(limit: limit, orNeed: &needed) { return count }
      try await wait(reader, for: needed, deadline: deadline)
    }
  }

  /// As ``receive(limit:deadline:)``, for an owner that ends a wait by closing the stream: the task's cancellation is looked
  /// at before a wait and does not end it, which makes each wait cheaper.
  /// - Parameters:
  ///   - limit: bytes to read at the most, in this call; never more than 65,536 are.
  ///   - deadline: when to give up.
  /// - Returns: how many bytes came; 0 at the end of the stream.
  /// - Throws: `StreamError`.
  public func receiveUntilClosed(
    limit: Int = 16_384,
    deadline: MonotonicInstant
  ) async throws(StreamError) -> Int {
    var needed: Readiness = .readable
    while true {
      if let count = try receive(limit: limit, orNeed: &needed) { return count }
      let error: StreamError? = await withUnsafeContinuation { continuation in
        begin(reader, continuation, for: needed, deadline: deadline)
      }
      if let error { throw error }
    }
  }

  /// Appends to `inbound` what is there already; before a wait the stream gives up memory that it need not keep.
  /// - Returns: how many bytes came, 0 at the end of the stream, nil when a read has to wait for what it needs.
  private func receive(limit: Int, orNeed needed: inout Readiness) throws(StreamError) -> Int? {
    switch try receiveNow(limit: limit) {
    case .bytes(let count): return count
    case .endOfStream: return 0
    case .mustWait(let direction):
      needed = direction
      inbound.releaseMemory(above: Self.idleCapacity)
      outbound.releaseMemory(above: Self.idleCapacity)
      return nil
    }
  }

  /// Appends to `inbound` what is there already.
  /// - Parameter limit: bytes to read at the most; never more than 65,536 are.
  /// - Returns: how many bytes came, 0 at the end of the stream, nil when a read would have to wait.
  /// - Throws: `StreamError`.
  public func receiveWithoutWaiting(limit: Int = 16_384) throws(StreamError) -> Int? {
    switch try receiveNow(limit: limit) {
    case .bytes(let count): count
    case .endOfStream: 0
    case .mustWait: nil
    }
  }

  private func receiveNow(limit: Int) throws(StreamError) -> StreamAttempt {
    guard let descriptor else { throw .closed }
    let scratch = UnsafeMutableRawBufferPointer(rebasing: loop.scratch.prefix(max(1, limit)))
    let attempt =
      if let tls {
        try tls.read(into: &inbound, through: scratch)
      } else {
        try receivePlain(descriptor, through: scratch)
      }
    if case .bytes(let count) = attempt { receivedBytes += count }
    return note(attempt)
  }

  private func receivePlain(
    _ descriptor: Int32,
    through scratch: UnsafeMutableRawBufferPointer
  ) throws(StreamError) -> StreamAttempt {
    guard readiness.contains(.readable) else { return .mustWait(.readable) }
    while true {
      var result = 0
      let count = inbound.append(through: scratch) { space in
        result = recv(descriptor, space.baseAddress, space.count, 0)
        return result
      }
      if count > 0 {
        // A short read has emptied the socket: the next bytes, or the end, bring a new edge.
        if count < scratch.count, !readiness.contains(.peerDone) { readiness.remove(.readable) }
        return .bytes(count)
      }
      if result == 0 {
        // Where a failing send has taken the error of a reset, the kernel reports an end as if all had come.
        if wasReset { throw .reset }
        return .endOfStream
      }
      switch gateway_errno() {
      case EINTR: continue
      case EAGAIN: return .mustWait(.readable)
      case let code: throw error("recv", code)
      }
    }
  }

  /// Whether bytes have come that nobody has read, though the loop may not yet have told. The end of the stream is none.
  public var hasUnreadInput: Bool {
    guard let descriptor else { return false }
    var byte: UInt8 = 0
    return !inbound.isEmpty || recv(descriptor, &byte, 1, Int32(MSG_PEEK)) > 0
  }
}
