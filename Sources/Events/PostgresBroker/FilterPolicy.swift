internal import JSON
internal import ServiceKit

/// Which messages of a topic a subscription gets, as SNS has it (its manual, "Subscription filter policies"): of that
/// language only exact texts. Every attribute named must be there with one of its texts.
public struct FilterPolicy: Equatable, Sendable {
  /// The texts that each attribute may have.
  public let attributes: [String: [String]]

  /// - Parameter attributes: the texts that each attribute may have.
  public init(_ attributes: [String: [String]]) { self.attributes = attributes }

  /// Messages of these event types.
  public init(eventTypes: [String]) { attributes = ["eventType": eventTypes] }

  /// - Parameter json: `{"eventType":["a","b"]}`.
  /// - Throws: `BrokerError` of kind `refused` for anything else, other operators of SNS included.
  public init(json: String) throws(BrokerError) {
    guard let value = try? JSONValue(parsing: Array(json.utf8)), case .object(let members) = value else {
      throw BrokerError(.misconfigured, "a filter policy must be a JSON object")
    }
    var attributes: [String: [String]] = [:]
    for (name, texts) in members {
      guard case .array(let elements) = texts else {
        throw BrokerError(.misconfigured, "the filter policy's \(name) must be an array of strings")
      }
      for element in elements {
        guard case .string(let text) = element else {
          throw BrokerError(.misconfigured, "the filter policy's \(name) must be an array of strings")
        }
        attributes[name, default: []].append(text)
      }
    }
    self.attributes = attributes
  }

  /// As SNS takes it, names in order.
  public var json: String {
    var writer = JSONWriter()
    writer.beginObject()
    for (name, texts) in attributes.sorted(by: { $0.key < $1.key }) {
      writer.key(name)
      writer.beginArray()
      for text in texts { writer.value(text) }
      writer.endArray()
    }
    writer.endObject()
    return writer.text
  }
}
