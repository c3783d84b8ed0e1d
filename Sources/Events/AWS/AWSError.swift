internal import HTTPTransport
internal import HTTPTypes
internal import JSON
internal import ServiceKit
internal import Text

/// Why a call of AWS failed.
struct AWSError: Error, Equatable {
  let kind: BrokerError.Kind
  /// As AWS names it, without a namespace: `QueueDoesNotExist`; nil if the answer named none.
  var code: String?
  /// The status of the answer; nil if there was none.
  var status: Int?
  let text: String
  /// Whether the credentials were refused and the next attempt has others.
  var isOfDiscardedCredentials = false

  init(_ kind: BrokerError.Kind, _ text: String, code: String? = nil, status: Int? = nil) {
    self.kind = kind
    self.text = text
    self.code = code
    self.status = status
  }

  var brokerError: BrokerError { BrokerError(kind, text) }

  /// Whether the same call may succeed in a moment.
  var isWorthRetrying: Bool {
    // A second purge is refused for a whole minute.
    (kind == .unavailable || kind == .throttled) && code != "PurgeQueueInProgress" && !isCancellation
  }

  var isCancellation: Bool { code == Self.cancelled }

  /// Why AWS refused the credentials; nil if it did not refuse them.
  var refusedCredentials: AWSCredentialRefusal? {
    switch code {
    case "ExpiredToken", "ExpiredTokenException": .expired
    case "InvalidClientTokenId", "UnrecognizedClientException": .unknown
    default: nil
    }
  }

  /// Whether the broker has lost what it had, or gave no answer at all.
  var mayBeOfAnotherBroker: Bool { kind == .notFound || (status == nil && code == nil) }

  /// Whether there is no queue, or no longer one, at the URL that was called.
  var isOfWrongPlace: Bool { kind == .notFound || code == "InvalidAddress" }

  /// Whether an emulator says that it does not know the action: 501, one of these codes, or a 500 without any.
  var isUnknownAction: Bool {
    switch code {
    case "UnknownOperationException", "UnknownOperation", "InvalidAction", "NotImplemented": true
    case nil: status == 500 || status == 501
    default: status == 501
    }
  }

  private static let cancelled = "cancelled"

  /// The caller's task was cancelled.
  static func cancellation(_ what: String) -> AWSError {
    AWSError(.unavailable, "\(what): cancelled", code: cancelled)
  }

  // MARK: From what happened

  init(_ error: HTTPClientError, _ what: String) {
    self = error == .cancelled ? .cancellation(what) : AWSError(.unavailable, "\(what): \(error)")
  }

  /// No credentials could be had for the call. That is never the message's fault.
  init(credentials error: BrokerError, _ what: String) {
    self.init(error.kind == .refused ? .misconfigured : error.kind, "\(what): \(error.description)")
  }

  /// An answer with an error status.
  init(_ response: ClientResponse, _ what: String) {
    let status = response.status.code
    let (code, message) = Self.named(in: response)
    let kind = Self.kind(code, message, status: status)
    var text = "\(what): \(code ?? "no error code"), status \(status)"
    if let message { text += ": \(Self.shortened(message))" }
    self.init(kind, text, code: code, status: status)
  }

  /// The code and message of the JSON or XML body, or the code of the header field that repeats it.
  private static func named(in response: ClientResponse) -> (code: String?, message: String?) {
    if let json = try? JSONValue(parsing: response.body), case .object(let members) = json {
      let type = members["__type"]?.scalarText ?? members["code"]?.scalarText
      return (type.map(withoutNamespace), (members["message"] ?? members["Message"])?.scalarText)
    }
    if let answer = try? XMLElement(parsing: response.body), let error = answer.first("Error") {
      return (error.text("Code").map(withoutNamespace), error.text("Message"))
    }
    let field = response.fields[.amznQueryError]?.split(separator: ";").first
    return (field.map { withoutNamespace(String($0)) }, nil)
  }

  /// `QueueDoesNotExist` of `com.amazonaws.sqs#QueueDoesNotExist`, `AWS.SimpleQueueService.QueueDoesNotExist` and
  /// `QueueDoesNotExist:http://…`.
  private static func withoutNamespace(_ code: String) -> String {
    let name = code.prefix { $0 != ":" }
    return String(name.split { $0 == "#" || $0 == "." }.last ?? name)
  }

  /// One line of a log. What AWS quotes of a parameter may be a message, and is left out.
  private static func shortened(_ text: String) -> String {
    var text = Substring(text)
    if text.hasPrefix("Value "), let end = text.ranges(of: " for parameter ").last {
      text = "Value …\(text[end.lowerBound...])"
    }
    return String(text.prefix(300).map { $0.unicodeScalars.allSatisfy { $0.value >= 0x20 } ? $0 : " " })
  }

  // MARK: Kinds

  /// `refused` only where the service itself calls the message's content invalid: whatever else is wrong can be put
  /// right while the message waits (Amazon SNS API Reference, Publish; Amazon SQS API Reference, SendMessage).
  private static func kind(_ code: String?, _ message: String?, status: Int) -> BrokerError.Kind {
    if let code {
      if notFound.contains(code) { return .notFound }
      if throttled.contains(code) || code.contains("Throttl") { return .throttled }
      if denied.contains(code) || code.hasPrefix("AccessDenied") || code.hasSuffix("AccessDenied") {
        return .denied
      }
      if unavailable.contains(code) { return .unavailable }
      if content.contains(code) { return .refused }
      if perhapsContent.contains(code), namesMessage(message ?? "") { return .refused }
    }
    switch status {
    case 429: return .throttled
    case 401, 403: return .denied
    // 300 to 399: something between us and AWS answers.
    case 408, 300..<400, 500...: return .unavailable
    // AWS gives every error a code; without one, something between us and AWS answers.
    default: return code == nil ? .unavailable : .misconfigured
    }
  }

  /// Whether an error that may be about any parameter is about the message or its attributes: `Invalid parameter:
  /// Message too long`, but not `Invalid parameter: TopicArn`.
  private static func namesMessage(_ text: String) -> Bool {
    let words = Set(text.lowercased().split { !$0.isLetter }.map(String.init))
    return !words.isDisjoint(with: messageWords) && words.isDisjoint(with: otherParameters)
  }

  /// The second and third are about the receipt of a message that was received.
  private static let content: Set = [
    "InvalidMessageContents", "ReceiptHandleIsInvalid", "MessageNotInflight",
  ]
  /// They may be about any parameter.
  private static let perhapsContent: Set = [
    "InvalidParameter", "InvalidParameterException", "ParameterValueInvalid", "InvalidParameterValue",
    "InvalidParameterValueException", "MissingParameter", "ValidationException", "ValidationError",
  ]
  private static let messageWords: Set = [
    "message", "messagebody", "messageattribute", "messageattributes", "receipthandle",
  ]
  /// Parameters that are the same for every message, and a queue's or topic's properties.
  private static let otherParameters: Set = [
    "topicarn", "targetarn", "phonenumber", "queueurl", "queuename", "queue", "topic", "messagestructure",
    "messagegroupid", "messagededuplicationid", "fifo", "delayseconds", "kms", "key",
  ]
  private static let notFound: Set = [
    "QueueDoesNotExist", "NonExistentQueue", "NotFound", "NotFoundException", "ResourceNotFound",
    "ResourceNotFoundException",
  ]
  private static let throttled: Set = [
    "TooManyRequestsException", "RequestLimitExceeded", "BandwidthLimitExceeded", "SlowDown", "LimitExceeded",
    "LimitExceededException", "OverLimit", "PriorRequestNotComplete", "PurgeQueueInProgress",
  ]
  private static let denied: Set = [
    "AuthorizationError", "AuthFailure", "InvalidClientTokenId", "UnrecognizedClientException",
    "SignatureDoesNotMatch", "ExpiredToken", "ExpiredTokenException", "MissingAuthenticationToken",
    "IncompleteSignature", "InvalidSecurity", "InvalidIdentityToken", "IDPRejectedClaim", "OptInRequired",
    "NotAuthorized", "RequestExpired", "RequestTimeTooSkewed", "InvalidSignatureException",
  ]
  private static let unavailable: Set = [
    "InternalError", "InternalFailure", "ServiceUnavailable", "RequestTimeout", "RequestTimeoutException",
    "IDPCommunicationError", "QueueDeletedRecently", "ConcurrentAccess",
  ]
}
