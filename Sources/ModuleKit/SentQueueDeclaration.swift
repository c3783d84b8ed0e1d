/// A queue that a module only sends to, such as that of audit messages.
public struct SentQueueDeclaration: Sendable {
  /// Names it in `/health` and in settings: `audit`.
  public let id: String
  /// Says what the queue is called.
  public let name: Setting
  /// Whether its messages name their traces.
  public let propagatesTracing: Setting

  /// - Parameters:
  ///   - emulated: its name where the broker is an emulator or in-process, if nobody sets it.
  ///   - allInOne: its name in the all-in-one profile, if nobody sets it.
  public init(_ id: String, emulated: String, allInOne: String, _ summary: String) {
    self.id = id
    let prefix = HeardQueueDeclaration.prefix(id)
    propagatesTracing = .propagatesTracing(prefix, "messages to \(prefix)QUEUE_NAME do not name their traces")
    name = Setting(
      prefix + "QUEUE_NAME",
      emulated: emulated,
      allInOne: allInOne,
      summary
    )
  }

  /// In the order of docs/settings.md.
  public var settings: [Setting] { [name, propagatesTracing] }
}
