/// The topic that a module publishes its domain events to.
public struct TopicDeclaration: Sendable {
  /// Names it in `/health` and in settings: `domainevents`.
  public let id: String
  /// Says its ARN.
  public let arn: Setting
  /// Whether its events name their traces.
  public let propagatesTracing: Setting

  /// - Parameters:
  ///   - emulated: its ARN where the broker is an emulator or in-process, if nobody sets it.
  ///   - allInOne: its ARN in the all-in-one profile, if nobody sets it.
  public init(_ id: String, emulated: String, allInOne: String, _ summary: String) {
    self.id = id
    let prefix = Self.prefix(id)
    propagatesTracing = .propagatesTracing(
      prefix,
      "events published to \(prefix)ARN do not name their traces"
    )
    arn = Setting(
      prefix + "ARN",
      emulated: emulated,
      allInOne: allInOne,
      summary
    )
  }

  /// Begins the names of all its settings.
  package static func prefix(_ id: String) -> String { "HMPPS_SQS_TOPICS_\(id.uppercased())_" }

  /// In the order of docs/settings.md.
  public var settings: [Setting] { [arn, propagatesTracing] }
}
