internal import ModuleKit

/// What an operator can set for this module, besides what every module has.
struct Settings: Sendable {
  static let mergeEvents = Setting(
    "NON_ASSOCIATIONS_MERGE_EVENTS",
    default: "false",
    "Whether merges and booking moves publish events and audit messages for the non-associations they change."
  )

  static let all = ModuleSettings(
    prefix: "NON_ASSOCIATIONS",
    title: "non-associations",
    calls: "prisoner search",
    queueAdminRole: "ROLE_NON_ASSOCIATIONS_API_QUEUE_ADMIN",
    errorVisibility: "0",
    replaysDeadLetters: true,
    telemetrySampling: (production: "health=10", development: "health=100"),
    telemetryLevel: "debug",
    own: [mergeEvents]
  )

  /// Whether others are told of each row that a merge changes.
  let mergeEvents: Bool

  init(_ reader: inout SettingsReader) { mergeEvents = reader.boolean(Self.mergeEvents) }
}
