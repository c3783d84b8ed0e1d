import HTTPTransport
import HTTPTypes
import Postgres
import Testing
import Text

@testable import Events

/// Whose trouble an answer of SNS or SQS is: the message's only if the service calls its content invalid.
@Suite struct AWSErrorKindTests {
  private func kind(_ status: Int, _ body: String) -> BrokerError.Kind {
    let response = ClientResponse(
      status: HTTPResponse.Status(code: status),
      fields: [:],
      body: Array(body.utf8)
    )
    return AWSError(response, "X").kind
  }

  private func xml(_ code: String, _ message: String) -> String {
    "<ErrorResponse><Error><Type>Sender</Type><Code>\(code)</Code><Message>\(message)</Message></Error></ErrorResponse>"
  }

  private func json(_ code: String, _ message: String) -> String {
    #"{"__type":"com.amazonaws.sqs#\#(code)","message":"\#(message)"}"#
  }

  @Test("The errors of SNS's Publish, and those common to its actions")
  func publish() {
    let errors: [(Int, String, BrokerError.Kind)] = [
      (403, "AuthorizationError", .denied), (400, "EndpointDisabled", .misconfigured),
      (500, "InternalError", .unavailable), (403, "InvalidSecurity", .denied),
      (400, "KMSAccessDenied", .denied), (400, "KMSDisabled", .misconfigured),
      (400, "KMSInvalidState", .misconfigured), (400, "KMSNotFound", .misconfigured),
      (403, "KMSOptInRequired", .denied), (400, "KMSThrottling", .throttled), (404, "NotFound", .notFound),
      (400, "PlatformApplicationDisabled", .misconfigured), (400, "AccessDeniedException", .denied),
      (403, "ExpiredTokenException", .denied), (403, "IncompleteSignature", .denied),
      (500, "InternalFailure", .unavailable), (400, "MalformedHttpRequestException", .misconfigured),
      (401, "NotAuthorized", .denied), (403, "OptInRequired", .denied),
      (400, "RequestAbortedException", .misconfigured),
      (413, "RequestEntityTooLargeException", .misconfigured), (400, "RequestExpired", .denied),
      (408, "RequestTimeoutException", .unavailable), (503, "ServiceUnavailable", .unavailable),
      (400, "ThrottlingException", .throttled), (403, "UnrecognizedClientException", .denied),
      (404, "UnknownOperationException", .misconfigured), (403, "InvalidClientTokenId", .denied),
      (403, "SignatureDoesNotMatch", .denied), (400, "SomethingNew", .misconfigured),
    ]
    for (status, code, expected) in errors {
      #expect(kind(status, xml(code, "because")) == expected, "\(code)")
      // Even if it speaks of the message.
      #expect(kind(status, xml(code, "Message too long")) == expected, "\(code)")
    }
  }

  @Test("The errors of SQS's SendMessage")
  func sendMessage() {
    let errors: [(Int, String, BrokerError.Kind)] = [
      (400, "InvalidAddress", .misconfigured), (400, "InvalidMessageContents", .refused),
      (400, "InvalidSecurity", .denied), (400, "KmsAccessDenied", .denied),
      (400, "KmsDisabled", .misconfigured), (400, "KmsInvalidKeyUsage", .misconfigured),
      (400, "KmsInvalidState", .misconfigured), (400, "KmsNotFound", .misconfigured),
      (403, "KmsOptInRequired", .denied), (400, "KmsThrottled", .throttled),
      (400, "QueueDoesNotExist", .notFound), (400, "RequestThrottled", .throttled),
      (400, "UnsupportedOperation", .misconfigured), (400, "OverLimit", .throttled),
      (400, "QueueDeletedRecently", .unavailable),
    ]
    for (status, code, expected) in errors {
      #expect(kind(status, json(code, "because")) == expected, "\(code)")
    }
  }

  @Test(
    "A code for any parameter is the message's fault only if its text names the message or its attributes"
  )
  func parameters() {
    let codes = [
      "InvalidParameter", "ParameterValueInvalid", "InvalidParameterValue", "ValidationException",
      "MissingParameter",
    ]
    let ofMessage = [
      "Invalid parameter: Message too long", "Invalid parameter: Empty message",
      "One or more parameters are invalid. Reason: Message must be shorter than 262144 bytes.",
      "Message (user) attribute 'traceparent' value has invalid characters.",
      "The message attribute 'tracestate' must contain non-empty message attribute value.",
      "Value x for parameter MessageBody is invalid.", "The request must contain the parameter MessageBody.",
      "Invalid parameter: MessageAttributes Reason: bad",
    ]
    let ofOther = [
      "Invalid parameter: TopicArn", "Invalid parameter: TopicArn Reason: no message-topic", "",
      "Invalid parameter",
      "Value message-queue for parameter QueueName is invalid.",
      "Invalid parameter: The MessageGroupId parameter is required for FIFO topics",
      "Invalid parameter: PhoneNumber", "The message cannot be encrypted with this key",
    ]
    for code in codes {
      for text in ofMessage {
        #expect(kind(400, xml(code, text)) == .refused, "\(code): \(text)")
        #expect(kind(400, json(code, text)) == .refused, "\(code): \(text)")
      }
      for text in ofOther {
        #expect(kind(400, xml(code, text)) == .misconfigured, "\(code): \(text)")
        #expect(kind(400, json(code, text)) == .misconfigured, "\(code): \(text)")
      }
    }
  }

  @Test("An answer of 300 to 599 without a code of AWS is never the message's fault, whatever is in it")
  func others() {
    let bodies = [
      "", "<html><body>InvalidMessageContents: the message</body></html>", "[1", "{}", #"{"__type":"com.ama"#,
      "<ErrorResponse><Error><Code>InvalidMessageContents</Co", #"{"message":"Message too long"}"#, "\u{0}",
    ]
    for status in 300...599 {
      for body in bodies {
        let kind = kind(status, body)
        let expected: BrokerError.Kind =
          switch status {
          case 401, 403: .denied
          case 429: .throttled
          default: .unavailable
          }
        #expect(kind == expected, "\(status): \(body)")
      }
    }
  }

  @Test("Credentials that cannot be had are not the message's fault")
  func credentials() {
    #expect(AWSError(credentials: BrokerError(.refused, "x"), "X").kind == .misconfigured)
    #expect(AWSError(credentials: BrokerError(.unavailable, "x"), "X").kind == .unavailable)
  }

  @Test("What AWS quotes of a parameter is not told")
  func quoted() {
    let body = json(
      "InvalidParameterValue",
      "Value secret for parameter x for parameter MessageBody is invalid. Reason: y"
    )
    let response = ClientResponse(status: .badRequest, fields: [:], body: Array(body.utf8))
    let text = AWSError(response, "X").text
    #expect(!text.contains("secret"))
    #expect(text.hasSuffix("Value … for parameter MessageBody is invalid. Reason: y"))
  }

  @Test("The database's errors are the message's fault only if they are about a text")
  func database() {
    let kinds: [(PostgresError.Kind, BrokerError.Kind)] = [
      (.invalidText, .refused), (.invalidParameter, .refused), (.foreignKeyViolation, .misconfigured),
      (.checkViolation, .misconfigured), (.notNullViolation, .misconfigured),
      (.stringTooLong, .misconfigured),
      (.outOfRange, .misconfigured), (.connectionLost, .unavailable), (.readOnly, .unavailable),
      (.deadlock, .unavailable), (.timedOut, .unavailable), (.other, .unavailable),
    ]
    for (kind, expected) in kinds {
      #expect(BrokerError(PostgresError(kind), doing: "x").kind == expected, "\(kind)")
    }
  }
}
