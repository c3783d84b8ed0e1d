/// A queue that a module only sends to, such as that of audit messages.
public struct SentQueueDeclaration: Sendable {
  /// Names it in `/health` and in settings: `audit`.
  public let id: String
  /// Says what the queue is called.
  public let name: Setting

  /// - Parameters:
  ///   - emulated: its name where the broker is an emulator or in-process, if nobody sets it.
  ///   - allInOne: its name in the all-in-one profile, if nobody sets it.
  public init(_ id: String, emulated: String, allInOne: String, _ summary: String) {
    self.id = id
    name = Setting(
      "HMPPS_SQS_QUEUES_\(id.uppercased())_QUEUE_NAME",
      emulated: emulated,
      allInOne: allInOne,
      summary
    )
  }
}
