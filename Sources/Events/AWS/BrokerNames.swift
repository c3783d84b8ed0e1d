/// The names of one service's topics and queues as configured, and what is wrong with them (`platform.md` §5.7). Checked
/// for each service on its own: two may publish to one topic.
public struct BrokerNames: Sendable {
  /// By id: ARN.
  public var topics: [(id: String, arn: String)] = []
  public var queues: [Queue] = []

  /// The names of one queue.
  public struct Queue: Sendable {
    public var id: String
    public var name: String
    public var deadLetterQueue: String?
    /// The id of the topic it subscribes to, if an emulator is to subscribe it.
    public var subscribedTopicID: String?

    public init(
      id: String,
      name: String,
      deadLetterQueue: String? = nil,
      subscribedTopicID: String? = nil
    ) {
      self.id = id
      self.name = name
      self.deadLetterQueue = deadLetterQueue
      self.subscribedTopicID = subscribedTopicID
    }
  }

  public init() {}

  /// A sentence for each thing for which the service must not start, in the order of the configuration.
  public var problems: [String] {
    var problems: [String] = []
    for topic in topics {
      if topic.id != topic.id.lowercased() { problems.append("topic id \(topic.id) is not lower case") }
      if !Self.isTopicARN(topic.arn) {
        problems.append("topic \(topic.id): \"\(topic.arn)\" is no ARN of a topic")
      }
    }
    let topicIDs = Set(topics.map(\.id))
    for queue in queues {
      if queue.id != queue.id.lowercased() { problems.append("queue id \(queue.id) is not lower case") }
      if queue.name.isEmpty { problems.append("queue \(queue.id): the queue name is empty") }
      if queue.deadLetterQueue?.isEmpty == true {
        problems.append("queue \(queue.id): the name of the dead-letter queue is empty")
      }
      if let topic = queue.subscribedTopicID, !topicIDs.contains(topic) {
        problems.append("queue \(queue.id) subscribes to the unknown topic id \(topic)")
      }
    }
    problems += Self.duplicates(topics.map(\.arn)).map { "topic ARN \($0) stands twice" }
    problems += Self.duplicates(queues.map(\.name)).map { "queue name \($0) stands twice" }
    problems += Self.duplicates(queues.compactMap(\.deadLetterQueue)).map {
      "dead-letter queue name \($0) stands twice"
    }
    return problems
  }

  /// `arn:aws:sns:eu-west-2:000000000000:name`.
  private static func isTopicARN(_ text: String) -> Bool {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    return parts.count == 6 && parts[0] == "arn" && parts[2] == "sns" && parts[4].count == 12
      && parts[4].utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
      && !parts[1].isEmpty && !parts[3].isEmpty && !parts[5].isEmpty
  }

  /// Those names that are not empty and come again, each once.
  private static func duplicates(_ names: [String]) -> [String] {
    var (seen, reported): (Set<String>, Set<String>) = ([], [])
    return names.filter { !$0.isEmpty && !seen.insert($0).inserted && reported.insert($0).inserted }
  }
}
