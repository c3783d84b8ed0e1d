/// How much waits to be sent to a collector, and for how long.
public struct ExportSettings: Sendable {
  /// Items that may wait; what comes beyond is dropped, and counted. Default 8,192.
  public var capacity = 8192
  /// Items sent at once. Default 512.
  public var batch = 512
  /// How long the first item of a batch waits for company. Default 1 s.
  public var interval = Duration.seconds(1)
  /// For one attempt to send. Default 10 s.
  public var timeout = Duration.seconds(10)
  /// Attempts for one batch; then it is dropped, and counted. The pause doubles from one second, up to thirty.
  /// Default 5.
  public var attempts = 5
  /// The first pause. Default 1 s.
  public var pause = Duration.seconds(1)

  /// The defaults.
  public init() {}
}

/// What has become of what was to be sent to a collector.
public struct ExportStatistics: Hashable, Sendable {
  /// Taken by the collector.
  public internal(set) var sent = 0
  /// Lost: there was no room, the collector refused it, or did not answer often enough.
  public internal(set) var dropped = 0
  /// Waiting now.
  public internal(set) var waiting = 0

  /// Nothing yet.
  public init() {}

  /// Both together.
  public static func + (left: Self, right: Self) -> Self {
    var sum = left
    sum.sent += right.sent
    sum.dropped += right.dropped
    sum.waiting += right.waiting
    return sum
  }
}
