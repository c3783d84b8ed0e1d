internal import EventLoops
internal import Time

/// One connection to an origin. Belongs to its pool, and to one exchange at a time.
final class ClientConnection {
  let stream: ByteStream

  init(_ stream: ByteStream) { self.stream = stream }

  /// Whether nothing has come that no request asked for, the end of the stream among it.
  var isQuiet: Bool {
    guard !stream.isClosed, stream.inbound.isEmpty else { return false }
    do throws(StreamError) {
      return try stream.receiveWithoutWaiting(limit: 1) == nil
    } catch {
      return false
    }
  }

  /// Sends a request and reads its answer.
  /// - Returns: the answer, and whether the connection can carry another exchange.
  /// - Throws: `HTTPClientError`; the connection has to be closed then.
  func exchange(
    _ request: ClientRequest,
    userAgent: String,
    maximumHeadBytes: Int,
    deadline: MonotonicInstant
  ) async throws(HTTPClientError) -> (response: ClientResponse, isReusable: Bool) {
    let receivedBefore = stream.receivedBytes
    RequestEncoder.encode(request, userAgent: userAgent, into: &stream.outbound)
    let isSent = try await send(deadline)
    var parser = ResponseParser(
      method: request.method,
      maximumHeadBytes: maximumHeadBytes,
      maximumBodyBytes: request.maximumResponseBytes
    )
    while true {
      if let response = parser.response {
        return (response, isSent && parser.allowsReuse && isQuiet)
      }
      let count: Int
      do throws(StreamError) {
        count = try await stream.receive(deadline: deadline)
      } catch {
        throw Self.failure(error, hasAnswerBegun: stream.receivedBytes != receivedBefore)
      }
      if count == 0 { try parser.endOfStream() } else { try parser.consume(&stream.inbound) }
    }
  }

  /// - Returns: whether all was sent. An upstream that refuses a request early, and resets the connection rather than
  ///   read the rest, may have answered before that (RFC 9112 §9.5), so the answer is looked for.
  private func send(_ deadline: MonotonicInstant) async throws(HTTPClientError) -> Bool {
    do throws(StreamError) {
      try await stream.flush(deadline: deadline)
      return true
    } catch {
      guard error == .reset else { throw Self.failure(error, hasAnswerBegun: false) }
      stream.outbound.removeAll()
      return false
    }
  }

  private static func failure(_ error: StreamError, hasAnswerBegun: Bool) -> HTTPClientError {
    switch error {
    case .timedOut: .timedOut
    case .closed where Task.isCancelled: .cancelled
    case .closed, .reset: hasAnswerBegun ? .truncatedAnswer : .closedBeforeAnswer
    case .connectFailed, .nameNotResolved, .tls, .system: .connectionLost(error)
    }
  }
}
