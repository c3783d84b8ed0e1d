internal import EventLoops
internal import HTTPTypes
internal import Time

/// A connection to an origin through a proxy (RFC 9110 §9.3.6).
enum ProxyTunnel {
  private static let maximumHeadBytes = 16_384

  /// Connects to the proxy, has it connect to the origin, and begins TLS with the origin, if it speaks that.
  /// - Parameters:
  ///   - tls: nil for an origin of plain HTTP.
  ///   - deadline: for all of it.
  /// - Throws: `StreamError` as without a proxy, or `Refusal`.
  static func open(
    to origin: HTTPOrigin,
    by proxy: HTTPProxy,
    userAgent: String,
    tls: TLSContext?,
    deadline: MonotonicInstant
  ) async throws -> ByteStream {
    let stream = try await ByteStream.connect(host: proxy.host, port: proxy.port, deadline: deadline)
    do {
      let host = origin.host.utf8.contains(UInt8(ascii: ":")) ? "[\(origin.host)]" : origin.host
      let target = "\(host):\(origin.port)"
      stream.outbound.append(
        "CONNECT \(target) HTTP/1.1\r\nHost: \(target)\r\nUser-Agent: \(userAgent)\r\n\r\n"
      )
      try await stream.flush(deadline: deadline)
      let status = try await answer(on: stream, deadline)
      guard status.kind == .successful else { throw Refusal(reason: "it answers \(status.code)") }
      // What came after the head came from the origin, which has not been asked anything.
      guard stream.inbound.isEmpty else { throw Refusal(reason: "it sends more than an answer") }
      if let tls { try await stream.startTLS(tls, serverName: origin.host, deadline: deadline) }
      return stream
    } catch {
      stream.close()
      throw error
    }
  }

  /// Why the proxy made no connection.
  struct Refusal: Error {
    let reason: String
  }

  /// An answer of status 2xx has no body, whatever its fields say; of any other the body does not matter.
  private static func answer(on stream: ByteStream, _ deadline: MonotonicInstant) async throws
    -> HTTPResponse.Status
  {
    var parser = ResponseParser(method: .head, maximumHeadBytes: maximumHeadBytes, maximumBodyBytes: 0)
    while true {
      if let response = parser.response { return response.status }
      guard try await stream.receive(deadline: deadline) > 0 else {
        throw Refusal(reason: "it closes the connection")
      }
      do {
        try parser.consume(&stream.inbound)
      } catch {
        throw Refusal(reason: "\(error)")
      }
    }
  }
}
