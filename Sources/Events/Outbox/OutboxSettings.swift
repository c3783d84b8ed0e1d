/// How an ``OutboxRelay`` works. The defaults suit a broker in the same region.
public struct OutboxSettings: Equatable, Sendable {
  /// Rows claimed at once. Default 100.
  public var batchSize = 100
  /// Rows claimed at once while the broker fails. Default 4.
  public var probeSize = 4
  /// Calls of the broker in flight at once, for each module and kind. Default 16.
  public var maximumInFlight = 16
  /// How long a claimed row is left alone by other relays: after the crash of a process its rows wait this long.
  /// Default 20 seconds; must be longer than `publishTimeout`.
  public var claimDuration = Duration.seconds(20)
  /// For publishing one message. Default 8 seconds.
  public var publishTimeout = Duration.seconds(8)
  /// How often the table is looked at without being notified. Default 1 second.
  public var pollInterval = Duration.seconds(1)
  /// The first pause after the broker failed; each further one is twice as long. Default 200 milliseconds.
  public var initialBackOff = Duration.milliseconds(200)
  /// The longest pause while the broker fails, or fails at one row. Default 5 seconds: the rounds of a stream share a pause.
  public var maximumBackOff = Duration.seconds(5)
  /// The largest message that the audit queue takes, in bytes. Default 1 MiB, as SQS.
  public var maximumQueueSize = OutgoingMessage.maximumQueueSize
  /// How long published rows are kept. Default 1 day.
  public var retention = Duration.seconds(86_400)
  /// Rows deleted at once when they have been kept long enough. Default 1,000.
  public var pruneBatchSize = 1000
  /// How often to look for such rows. Default 1 minute.
  public var pruneInterval = Duration.seconds(60)

  /// The defaults.
  public init() {}
}
