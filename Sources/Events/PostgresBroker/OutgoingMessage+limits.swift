internal import JSON
internal import ServiceKit
internal import Text

extension OutgoingMessage {
  /// The body as text.
  /// - Parameter limit: bytes, of ``size``.
  /// - Throws: `BrokerError` of kind `refused` for a message that SQS would not take either: empty, too large, not
  ///   UTF-8, or with a NUL.
  package func checkedText(within limit: Int) throws(BrokerError) -> String {
    guard !body.isEmpty else { throw BrokerError(.refused, "the message is empty") }
    guard size <= limit else { throw BrokerError(.refused, "the message is larger than \(limit) bytes") }
    let names = attributes.flatMap { [$0.key, $0.value.dataType, $0.value.value] }
    guard !body.holdsNUL, !names.contains(where: \.holdsNUL) else {
      throw BrokerError(.refused, "the message holds a NUL character")
    }
    if body.isPrintableASCII { return String(decoding: body, as: UTF8.self) }
    guard let text = String(validating: body, as: UTF8.self) else {
      throw BrokerError(.refused, "the message is not UTF-8")
    }
    return text
  }
}

extension MessageAttribute {
  /// A JSON object of attributes, names in order.
  /// - Parameter write: writes an attribute's value.
  static func json(
    _ attributes: [String: MessageAttribute],
    _ write: (inout JSONWriter, MessageAttribute) -> Void
  ) -> String {
    var writer = JSONWriter()
    writer.beginObject()
    for (name, attribute) in attributes.sorted(by: { $0.key < $1.key }) {
      writer.key(name)
      write(&writer, attribute)
    }
    writer.endObject()
    return writer.text
  }

  /// Attributes with their types as the queue's table keeps them: `{"eventType":{"Type":"String","Value":"a"}}`.
  static func json(_ attributes: [String: MessageAttribute]) -> String {
    json(attributes) { writer, attribute in
      writer.beginObject()
      writer.field("Type", attribute.dataType)
      writer.field("Value", attribute.value)
      writer.endObject()
    }
  }

  /// Reads what ``json(_:)`` has written, and `MessageAttributes` of an envelope. A value that is a number or a boolean
  /// counts as its text; whatever else is no attribute is left out.
  static func attributes(_ value: JSONValue?) -> [String: MessageAttribute] {
    guard case .object(let members) = value else { return [:] }
    return members.compactMapValues { member in
      guard case .object(let parts) = member, let value = parts["Value"]?.scalarText else { return nil }
      return MessageAttribute(dataType: parts["Type"]?.scalarText ?? "String", value: value)
    }
  }
}

extension JSONValue {
  /// A string, or a number or boolean as it is written.
  var scalarText: String? {
    switch self {
    case .string(let text), .number(let text): text
    case .boolean(let value): value ? "true" : "false"
    case .null, .array, .object: nil
    }
  }
}
