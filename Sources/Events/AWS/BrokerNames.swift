/// The names of one service's topics and queues as configured, and what is wrong with them (docs/contract/platform.md
/// §5.7). Checked for each service on its own: two may publish to one topic.
public struct BrokerNames: Equatable, Sendable {
  /// One name and the setting that it comes from.
  public struct Name: Hashable, Sendable {
    /// The setting that says it; every error about the name quotes it.
    public var variable: String
    /// The ARN of a topic, the name of a queue; empty if it is missing, which is not checked here.
    public var text: String
    /// Whether nobody has set it. An emulator may have made a topic of a default name for another account or region.
    public var isDefault: Bool

    /// - Parameters:
    ///   - variable: the setting that says it.
    ///   - text: the ARN of a topic, the name of a queue; empty if it is missing.
    ///   - isDefault: whether nobody has set it.
    public init(_ variable: String, _ text: String, isDefault: Bool = false) {
      self.variable = variable
      self.text = text
      self.isDefault = isDefault
    }
  }

  /// Topics that are published to, by their ARNs.
  public var topics: [Name] = []
  /// Queues that are consumed or sent to.
  public var queues: [Name] = []
  /// Dead-letter queues.
  public var deadLetterQueues: [Name] = []
  /// Topics that queues are subscribed to where queues are made. Several may be the same.
  public var subscribedTopics: [Name] = []

  /// No names.
  public init() {}

  /// A sentence for each reason why the service must not start.
  public var problems: [String] {
    let badTopics = (topics + subscribedTopics).filter { !$0.text.isEmpty && !Self.isTopicARN($0.text) }
    return badTopics.map { "\($0.variable): '\($0.text)' is no ARN of a topic" }
      + [topics, queues, deadLetterQueues].flatMap(Self.clashes)
  }

  /// `arn:aws:sns:eu-west-2:000000000000:name`.
  private static func isTopicARN(_ text: String) -> Bool {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    return parts.count == 6 && parts[0] == "arn" && parts[2] == "sns" && parts[4].count == 12
      && parts[4].utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
      && !parts[1].isEmpty && !parts[3].isEmpty && !parts[5].isEmpty
  }

  /// Names that must differ and do not.
  private static func clashes(_ names: [Name]) -> [String] {
    var first: [String: Name] = [:]
    return names.compactMap { name in
      guard !name.text.isEmpty else { return nil }
      guard let other = first[name.text] else {
        first[name.text] = name
        return nil
      }
      return "\(name.variable): '\(name.text)' is what \(other.variable) says as well"
    }
  }
}
