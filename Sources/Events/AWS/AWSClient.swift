internal import Concurrency
internal import HTTPTransport
internal import HTTPTypes
internal import Time

/// One call of a service.
struct AWSCall: Sendable {
  /// Such as `SendMessage`.
  let action: String
  let fields: HeaderFields
  let body: [UInt8]
  /// How long the service may hold the call on purpose, as in a long poll.
  var holding = Duration.zero
  /// Attempts in all, at least 1.
  var attempts = 4
  var maximumResponseBytes = 1024 * 1024

  /// A call in the query protocol, which SNS and STS speak; answers are XML.
  static func query(_ action: String, version: String, _ parameters: [(String, String)]) -> AWSCall {
    let all = [("Action", action), ("Version", version)] + parameters
    let body = all.map { "\(PercentCoding.encode($0))=\(PercentCoding.encode($1))" }.joined(separator: "&")
    return AWSCall(
      action: action,
      fields: [.contentType: "application/x-www-form-urlencoded; charset=utf-8"],
      body: Array(body.utf8)
    )
  }

  /// A call in the JSON protocol of SQS.
  static func sqs(_ action: String, _ body: [UInt8]) -> AWSCall {
    AWSCall(
      action: action,
      fields: [.contentType: "application/x-amz-json-1.0", .amzTarget: "AmazonSQS.\(action)"],
      body: body
    )
  }
}

/// Calls one service of AWS: signs, sends, and retries after temporary errors.
struct AWSClient: Sendable {
  /// For one attempt, besides the time that the service holds the call on purpose.
  private static let attemptTimeout = Duration.seconds(10)

  /// Its name in signatures: `sqs`.
  let service: String
  let endpoint: HTTPURL
  let region: String
  /// nil for calls that are not signed.
  let credentials: (any AWSCredentialsProvider)?
  let client: HTTPClient
  let clock: any WallClock
  /// Told of answers, and of their absence, that an emulator gives when it was recreated.
  var hints: BrokerHints?

  /// The same client over other connections.
  func over(_ client: HTTPClient) -> AWSClient {
    AWSClient(
      service: service,
      endpoint: endpoint,
      region: region,
      credentials: credentials,
      client: client,
      clock: clock,
      hints: hints
    )
  }

  /// Sends a call until it is answered, its attempts are used up, or there is no time for another. An attempt whose
  /// answer was lost may have done its work, so every call made here is idempotent or may be made twice.
  /// - Returns: the answer, with a status from 200 to 299.
  func send(_ call: AWSCall, deadline: MonotonicInstant) async throws(AWSError) -> ClientResponse {
    var backOff = BackOff(initial: .milliseconds(100), maximum: .seconds(5))
    // A throttled service wants a longer pause.
    var throttledBackOff = BackOff(initial: .milliseconds(500), maximum: .seconds(10))
    var attempt = 1
    while true {
      do throws(AWSError) {
        return try await sendOnce(call, deadline: deadline)
      } catch {
        if error.mayBeOfAnotherBroker { hints?.note() }
        let isRetried = error.isWorthRetrying || error.isOfDiscardedCredentials && attempt == 1
        guard isRetried, attempt < call.attempts else { throw error }
        let pause = error.kind == .throttled ? throttledBackOff.next() : backOff.next()
        guard client.clock.now() + pause + call.holding < deadline else { throw error }
        guard await client.clock.pause(for: pause) else { throw .cancellation(what(call)) }
        attempt += 1
      }
    }
  }

  private func sendOnce(_ call: AWSCall, deadline: MonotonicInstant) async throws(AWSError) -> ClientResponse
  {
    var request = ClientRequest(
      method: .post,
      url: endpoint,
      fields: call.fields,
      body: call.body,
      isIdempotent: true,
      maximumResponseBytes: call.maximumResponseBytes
    )
    var used: AWSCredentials?
    if let credentials {
      let current: AWSCredentials
      do throws(BrokerError) {
        current = try await credentials.credentials(deadline: deadline)
      } catch {
        throw AWSError(credentials: error, what(call))
      }
      SignatureV4(region: region, service: service).sign(&request, current, at: clock.now())
      used = current
    }
    let response: ClientResponse
    do throws(HTTPClientError) {
      let end = client.clock.now() + Self.attemptTimeout + call.holding
      response = try await client.send(request, deadline: min(deadline, end))
    } catch {
      throw AWSError(error, what(call))
    }
    guard (200..<300).contains(response.status.code) else {
      var error = AWSError(response, what(call))
      // Without other credentials the next attempt would be refused again.
      if let refusal = error.refusedCredentials, let used {
        error.isOfDiscardedCredentials = credentials?.discard(used, because: refusal) ?? false
      }
      throw error
    }
    return response
  }

  /// Sends a call in the query protocol.
  /// - Returns: the root element of the answer.
  func sendQuery(_ call: AWSCall, deadline: MonotonicInstant) async throws(AWSError) -> XMLElement {
    let response = try await send(call, deadline: deadline)
    do throws(XMLElement.ParseError) {
      return try XMLElement(parsing: response.body)
    } catch {
      throw AWSError(.unavailable, "\(what(call)): the answer is no XML: \(error.reason)")
    }
  }

  private func what(_ call: AWSCall) -> String { "\(service.uppercased()) \(call.action)" }
}
