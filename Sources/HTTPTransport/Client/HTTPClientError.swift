public import EventLoops

/// Why a request got no answer. The texts name the origin at the most, never a path, a header or a body.
public enum HTTPClientError: Error, Hashable, Sendable, CustomStringConvertible {
  /// No connection: the name, the network, TLS, or `connectTimeout` (`StreamError.timedOut`).
  case connect(HTTPOrigin, StreamError)
  /// The proxy made no connection to the origin; the text says why.
  case proxy(HTTPProxy, HTTPOrigin, String)
  /// The request's deadline passed while it connected or waited for the answer.
  case timedOut
  /// The request's deadline, or `HTTPClientConfiguration.maximumWait`, passed while it waited for one of the connections
  /// to the origin. Nothing was sent.
  case noConnectionInTime(HTTPOrigin)
  /// The upstream closed the connection before any byte of an answer. It may have done the work.
  case closedBeforeAnswer
  /// The upstream closed the connection in the middle of its answer.
  case truncatedAnswer
  /// TLS or the system failed during the exchange.
  case connectionLost(StreamError)
  /// What came is no valid HTTP/1.1 answer (RFC 9112); the text says which rule it breaks.
  case malformedAnswer(String)
  /// The body is longer than `ClientRequest.maximumResponseBytes`.
  case answerTooLarge(limit: Int)
  /// All connections to the origin are busy and as many requests wait as may
  /// (`HTTPClientConfiguration.maximumWaitingPerOrigin`). Nothing was sent.
  case poolExhausted(HTTPOrigin)
  /// The task was cancelled.
  case cancelled
  /// `HTTPClient.shutdown()` was called before.
  case shutDown

  /// Whether there was not time enough, for whatever step.
  public var isTimeout: Bool {
    switch self {
    case .timedOut, .noConnectionInTime: true
    default: false
    }
  }

  public var description: String {
    switch self {
    case .connect(let origin, let error): "cannot connect to \(origin): \(error)"
    case .proxy(let proxy, let origin, let reason):
      "no connection to \(origin) by the proxy \(proxy): \(reason)"
    case .timedOut: "no answer in time"
    case .noConnectionInTime(let origin): "no connection to \(origin) came free in time"
    case .closedBeforeAnswer: "connection closed before the answer"
    case .truncatedAnswer: "connection closed within the answer"
    case .connectionLost(let error): "connection lost: \(error)"
    case .malformedAnswer(let reason): "malformed answer: \(reason)"
    case .answerTooLarge(let limit): "answer larger than \(limit) bytes"
    case .poolExhausted(let origin): "all connections to \(origin) are busy, and its queue is full"
    case .cancelled: "cancelled"
    case .shutDown: "the HTTP client has been shut down"
    }
  }
}
