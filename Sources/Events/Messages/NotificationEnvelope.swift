internal import JSON
internal import ServiceKit
package import Time

/// What an SNS topic puts into a subscribed queue (docs/contract/platform.md §5.2). Signatures are not checked: who may
/// send to the queue is the queue's own policy.
public struct NotificationEnvelope: Equatable, Sendable {
  /// What was published: a text, mostly JSON.
  public let message: String
  /// The topic's id of the message; nil when the envelope has none.
  public let messageID: String?
  /// What the publisher said beside the message; those that cannot be read are left out.
  public let attributes: [String: MessageAttribute]

  /// The attribute `eventType`; nil when the envelope has none.
  public var eventType: String? { attributes["eventType"]?.value }

  /// Reads leniently: raw line breaks inside strings are taken, unknown members ignored, and nothing but `Message` is
  /// needed.
  /// - Throws: `EnvelopeError`.
  public init(parsing body: [UInt8]) throws(EnvelopeError) {
    let members = try Self.members(of: body)
    try self.init(members, MessageAttribute.attributes(members["MessageAttributes"]))
  }

  /// - Parameters:
  ///   - members: of the body's object.
  ///   - attributes: what they have of attributes.
  init(
    _ members: [String: JSONValue],
    _ attributes: [String: MessageAttribute]
  ) throws(EnvelopeError) {
    guard let message = members["Message"]?.scalarText else { throw .noMessage }
    self.message = message
    messageID = members["MessageId"]?.scalarText
    self.attributes = attributes
  }

  /// What a body's object has.
  static func members(of body: [UInt8]) throws(EnvelopeError) -> [String: JSONValue] {
    let value: JSONValue
    do {
      value = try JSONValue(parsing: body, .lenient)
    } catch {
      throw .notJSON(error.description)
    }
    guard case .object(let members) = value else { throw .notAnObject }
    return members
  }

  /// The envelope of a message, as SNS writes it.
  package static func text(
    of message: String,
    attributes: [String: MessageAttribute],
    id: String,
    topicARN: String,
    at time: Timestamp
  ) -> String {
    var writer = JSONWriter(capacity: 1024 + message.utf8.count * 2)
    writer.beginObject()
    writer.field("Type", "Notification")
    writer.field("MessageId", id)
    writer.field("TopicArn", topicARN)
    writer.field("Message", message)
    writer.field("Timestamp", time.millisecondText)
    writer.field("SignatureVersion", "1")
    // The message is not signed; the member is there for subscribers that expect it.
    writer.field("Signature", "")
    writer.field("SigningCertURL", "")
    writer.field("UnsubscribeURL", "")
    writer.key("MessageAttributes")
    writer.beginObject()
    for (name, attribute) in attributes.sorted(by: { $0.key < $1.key }) {
      writer.key(name)
      writer.beginObject()
      writer.field("Type", attribute.dataType)
      writer.field("Value", attribute.value)
      writer.endObject()
    }
    writer.endObject()
    writer.endObject()
    return writer.text
  }
}

/// Why a message is no envelope. The texts hold nothing of the message.
public enum EnvelopeError: Error, Equatable, Sendable, CustomStringConvertible {
  case notJSON(String)
  case notAnObject
  case noMessage

  public var description: String {
    switch self {
    case .notJSON(let reason): "the message is not JSON: \(reason)"
    case .notAnObject: "the message is not a JSON object"
    case .noMessage: "the message is no SNS envelope: it has no Message"
    }
  }
}

extension Timestamp {
  /// UTC with three digits after the point: `2026-01-15T10:20:31.417Z`.
  fileprivate var millisecondText: String {
    let text = Timestamp(microseconds: microseconds - microseconds % 1000).instantText
    return text.contains(".") ? text : "\(text.dropLast()).000Z"
  }
}
