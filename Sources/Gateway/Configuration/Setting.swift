/// One thing an operator can set: its name in the environment, what it means and what it is when nobody sets it.
/// `SettingsCatalog` lists them all; the reader, `gateway config` and the table of docs/settings.md come from that list.
struct Setting: Sendable {
  /// The environment variable.
  let name: String
  /// Names that the replaced services used for the same thing, tried in this order when `name` is not set.
  let aliases: [String]
  /// What it means, in a sentence that fits a table.
  let summary: String
  /// What it is when nobody sets it; nil means nothing.
  let fallback: String?
  /// What it is when nobody sets it and topics and queues are not AWS's own; nil means as `fallback`.
  let emulated: String?
  /// What it is in the all-in-one profile when nobody sets it; nil means as `fallback`.
  let allInOne: String?
  /// Whether the value must never be shown.
  let isSecret: Bool
  /// Whether the names may be written in any case.
  let ignoresCase: Bool

  init(
    _ name: String,
    aliases: [String] = [],
    default fallback: String? = nil,
    emulated: String? = nil,
    allInOne: String? = nil,
    isSecret: Bool = false,
    ignoresCase: Bool = false,
    _ summary: String
  ) {
    self.name = name
    self.aliases = aliases
    self.summary = summary
    self.fallback = fallback
    self.emulated = emulated
    self.allInOne = allInOne
    self.isSecret = isSecret
    self.ignoresCase = ignoresCase
  }
}
