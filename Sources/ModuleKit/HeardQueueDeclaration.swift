public import Events

/// A queue that a module takes messages from, with its dead-letter queue.
public struct HeardQueueDeclaration: Sendable {
  /// Where the queue is subscribed where it is created.
  public enum Source: Sendable {
    /// To the topic that the module publishes to.
    case publishedTopic
    /// To the topic whose ARN this setting says.
    case topic(Setting)
  }

  /// Names it in `/health` and in settings: `nonassociations`.
  public let id: String
  /// Says what the queue is called.
  public let name: Setting
  /// Says what its dead-letter queue is called.
  public let deadLetters: Setting
  /// Where it is subscribed where the gateway makes it.
  public let source: Source
  /// What the module takes from it.
  public let events: ConsumedEvents
  /// The name of a span that the handling of each message has besides the consumer's; nil for none.
  public let span: String?
  /// How long a message from it that failed waits, if not as others of the module.
  public let errorVisibility: Setting
  /// The same for single event types, in the order of the types.
  public let eventErrorVisibility: [(type: String, setting: Setting)]
  /// After how many deliveries a message is a dead letter, where the gateway makes the queue.
  public let maximumReceiveCount: Setting
  /// How many seconds a delivered message is hidden, where the gateway makes the queue.
  public let visibilityTimeout: Setting
  /// Whether what is done for its messages belongs to the traces that they name.
  public let propagatesTracing: Setting

  /// - Parameters:
  ///   - emulated: the names of queue and dead-letter queue where the broker is an emulator or in-process, if nobody
  ///     sets them.
  ///   - allInOne: its name in the all-in-one profile, if nobody sets it; the dead-letter queue's ends in `-dlq`.
  ///   - span: the name of a span that the handling of each message has besides the consumer's. Default none.
  ///   - summary: what is on it, without a full stop: `Queue of merges for non-associations`.
  public init(
    _ id: String,
    emulated: (queue: String, deadLetters: String),
    allInOne: String,
    from source: Source,
    _ events: ConsumedEvents,
    recordedAs span: String? = nil,
    _ summary: String
  ) {
    self.id = id
    self.source = source
    self.events = events
    self.span = span
    let prefix = Self.prefix(id)
    name = Setting(
      prefix + "QUEUE_NAME",
      emulated: emulated.queue,
      allInOne: allInOne,
      summary + "."
    )
    deadLetters = Setting(
      prefix + "DLQ_NAME",
      emulated: emulated.deadLetters,
      allInOne: allInOne + "-dlq",
      "Dead-letter queue of \(prefix)QUEUE_NAME."
    )
    errorVisibility = Setting(
      prefix + "ERRORVISIBILITYTIMEOUT",
      aliases: [prefix + "ERROR_VISIBILITY_TIMEOUT"],
      "Seconds as in the module's list, for \(prefix)QUEUE_NAME alone."
    )
    maximumReceiveCount = Setting(
      prefix + "DLQMAXRECEIVECOUNT",
      aliases: [prefix + "DLQ_MAX_RECEIVE_COUNT"],
      default: "5",
      "Deliveries of a message until it is a dead letter, where \(prefix)QUEUE_NAME is made here."
    )
    visibilityTimeout = Setting(
      prefix + "VISIBILITYTIMEOUT",
      aliases: [prefix + "VISIBILITY_TIMEOUT"],
      default: "30",
      "Seconds for which a delivered message is hidden, where \(prefix)QUEUE_NAME is made here."
    )
    propagatesTracing = .propagatesTracing(
      prefix,
      "the traces that messages of \(prefix)QUEUE_NAME name are left aside"
    )
    eventErrorVisibility = events.eventTypes.map { type in
      let words = type.uppercased().map { $0.isLetter || $0.isNumber ? String($0) : "_" }.joined()
      return (
        type,
        Setting(
          prefix + "EVENTERRORVISIBILITYTIMEOUT_" + words,
          aliases: [prefix + "EVENT_ERROR_VISIBILITY_TIMEOUT_" + words],
          "Seconds as in the queue's list, for \(type) alone."
        )
      )
    }
  }

  /// Begins the names of all its settings.
  package static func prefix(_ id: String) -> String { "HMPPS_SQS_QUEUES_\(id.uppercased())_" }

  /// What else the replaced services' library read where it made the queue: here the gateway knows its topic and its event
  /// types itself.
  public var namesWithoutEffect: [String] {
    ["SUBSCRIBETOPICID", "SUBSCRIBE_TOPIC_ID", "SUBSCRIBEFILTER", "SUBSCRIBE_FILTER"].map {
      Self.prefix(id) + $0
    }
  }

  /// In the order of docs/settings.md.
  public var settings: [Setting] {
    var all = [name, deadLetters, errorVisibility] + eventErrorVisibility.map(\.setting)
    all += [maximumReceiveCount, visibilityTimeout, propagatesTracing]
    if case .topic(let setting) = source { all.insert(setting, at: 0) }
    return all
  }
}
