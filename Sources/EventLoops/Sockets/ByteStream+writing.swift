internal import CLinux
public import Time

extension ByteStream {
  /// Sends all of `outbound`, waiting while the peer or the network is slow.
  /// - Parameter deadline: when to give up; nil waits for ever.
  /// - Throws: `StreamError`.
  public func flush(deadline: MonotonicInstant? = nil) async throws(StreamError) {
    while !outbound.isEmpty {
      if case .mustWait(let needed) = try sendNow() {
        try await wait(writer, for: needed, deadline: deadline)
      }
    }
  }

  /// Sends some of `outbound`, waiting until the socket takes any.
  /// - Parameter deadline: when to give up.
  /// - Throws: `StreamError`.
  public func flushSome(deadline: MonotonicInstant) async throws(StreamError) {
    while !outbound.isEmpty {
      switch try sendNow() {
      case .mustWait(let needed): try await wait(writer, for: needed, deadline: deadline)
      default: return
      }
    }
  }

  /// Bytes that have been sent, and that the other end has not taken yet: the system keeps them for it.
  public var unacknowledgedBytes: Int {
    guard let descriptor else { return 0 }
    return Int(gateway_unsent_bytes(descriptor))
  }

  /// Sends what the socket takes at once; the rest stays in `outbound`. An error shows at the next read or flush.
  public func flushWithoutWaiting() {
    while !outbound.isEmpty, case .bytes = try? sendNow() {}
  }

  private func sendNow() throws(StreamError) -> StreamAttempt {
    guard let descriptor else { throw .closed }
    if let tls { return note(try tls.write(from: &outbound)) }
    return note(try sendPlain(descriptor))
  }

  private func sendPlain(_ descriptor: Int32) throws(StreamError) -> StreamAttempt {
    guard readiness.contains(.writable) else { return .mustWait(.writable) }
    while true {
      let sent = outbound.withReadableBytes {
        send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if sent >= 0 {
        outbound.consume(sent)
        return .bytes(sent)
      }
      switch gateway_errno() {
      case EINTR: continue
      case EAGAIN: return .mustWait(.writable)
      case let code: throw error("send", code)
      }
    }
  }
}
