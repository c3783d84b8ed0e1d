/// One thing an operator can set: its name in the environment, what it means and what it is when nobody sets it. The
/// reader, `gateway config` and the table of docs/settings.md come from these values.
public struct Setting: Sendable {
  /// The environment variable.
  public let name: String
  /// Names that the replaced services used for the same thing, tried in this order when `name` is not set. One that
  /// several hosted modules would read is refused: each of them needs a value of its own.
  public let aliases: [String]
  /// Further names, tried last, that may say the same to any number of modules, and ask for none of them.
  public let sharedAliases: [String]
  /// What it means, in a sentence that fits a table and stands alone.
  public let summary: String
  /// What it is when nobody sets it; nil means nothing.
  public let fallback: String?
  /// What it is when nobody sets it and topics and queues are not AWS's own; nil means as `fallback`.
  public let emulated: String?
  /// What it is in the all-in-one profile when nobody sets it; nil means as `fallback`.
  public let allInOne: String?
  /// Whether the value must never be shown.
  public let isSecret: Bool
  /// Whether the names may be written in any case.
  public let ignoresCase: Bool

  /// - Parameter summary: begins with a capital and ends with a full stop.
  public init(
    _ name: String,
    aliases: [String] = [],
    sharedAliases: [String] = [],
    default fallback: String? = nil,
    emulated: String? = nil,
    allInOne: String? = nil,
    isSecret: Bool = false,
    ignoresCase: Bool = false,
    _ summary: String
  ) {
    self.name = name
    self.aliases = aliases
    self.sharedAliases = sharedAliases
    self.summary = summary
    self.fallback = fallback
    self.emulated = emulated
    self.allInOne = allInOne
    self.isSecret = isSecret
    self.ignoresCase = ignoresCase
  }

  /// Which of the names is looked for first, if not `name`.
  private var preferred: String?

  /// All that it may be set by, in the order in which they are looked for.
  public var names: [String] {
    let all = [name] + aliases + sharedAliases
    guard let preferred else { return all }
    return [preferred] + all.filter { $0 != preferred }
  }

  /// The same setting with one of its names looked for before the others: where a deployment sets two, each module takes
  /// the one that its service read.
  public func preferring(_ alias: String) -> Setting {
    var setting = self
    setting.preferred = alias
    return setting
  }

  /// Where topics and queues are: on it depends what others are when nobody sets them.
  public static let brokerProvider = Setting(
    "HMPPS_SQS_PROVIDER",
    default: "aws",
    allInOne: "in-process",
    "Where topics and queues are: aws, localstack (an emulator; what is missing is created) or in-process (in the "
      + "database of the first module that is hosted)."
  )
}
