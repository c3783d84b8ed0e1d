/// The topic that a module publishes its domain events to.
public struct TopicDeclaration: Sendable {
  /// Names it in `/health` and in settings: `domainevents`.
  public let id: String
  /// Says its ARN.
  public let arn: Setting

  /// - Parameters:
  ///   - emulated: its ARN where the broker is an emulator or in-process, if nobody sets it.
  ///   - allInOne: its ARN in the all-in-one profile, if nobody sets it.
  public init(_ id: String, emulated: String, allInOne: String, _ summary: String) {
    self.id = id
    arn = Setting(
      "HMPPS_SQS_TOPICS_\(id.uppercased())_ARN",
      emulated: emulated,
      allInOne: allInOne,
      summary
    )
  }
}
