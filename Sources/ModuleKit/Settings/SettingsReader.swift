internal import Text

/// Reads settings from the environment, then a file, then defaults, and collects everything that is wrong, so that an
/// operator sees all of it at once.
public struct SettingsReader: Sendable {
  /// Where a value came from.
  public enum Origin: Sendable, Equatable {
    case environment(name: String)
    case file(name: String)
    /// What the all-in-one profile has started says it.
    case provided
    case profile
    /// Because topics and queues are not AWS's own.
    case emulator
    case builtIn

    /// The name it was set by; nil where nobody set it.
    public var name: String? {
      switch self {
      case .environment(let name), .file(let name): name
      case .provided, .profile, .emulator, .builtIn: nil
      }
    }
  }

  /// What a setting is, and who said so.
  public struct Value: Sendable {
    /// As it was set.
    public let text: String
    /// Where it was set.
    public let origin: Origin
  }

  /// The variables whose names are ASCII.
  package let environment: [String: String]
  /// The lines of the file whose names are ASCII.
  package let file: [String: String]
  /// Whose defaults count.
  package let profile: Profile
  /// Names with a letter that no name of ours has: those of the environment and those of the file.
  package let foreignNames: (environment: [String], file: [String])
  /// What the all-in-one profile has started, by the names of settings: it comes before all that anybody sets.
  package var provided: [String: String] = [:]
  /// Names of ours that other programs read, such as front ends: it is no mistake that the gateway does not.
  package var namesOfOthers: Set<String> = []
  /// What is wrong, a sentence each, in the order found.
  public private(set) var problems: [String] = []

  /// - Parameter file: what `--config` names; the environment wins over it.
  package init(environment: [String: String], file: [String: String] = [:], profile: Profile) {
    // Every name of ours is ASCII, and a dictionary takes a look-alike for one.
    func isASCII(_ name: String) -> Bool { name.utf8.allSatisfy { $0 < 0x80 } }
    self.environment = environment.filter { isASCII($0.key) }
    self.file = file.filter { isASCII($0.key) }
    foreignNames = (environment.keys.filter { !isASCII($0) }, file.keys.filter { !isASCII($0) })
    self.profile = profile
  }

  /// All that is set to something, by name; the environment wins over the file.
  package var everythingSet: [String: String] {
    file.merging(environment) { own, other in other.isEmpty ? own : other }.filter { !$0.value.isEmpty }
  }

  /// The value in force. A variable that is set to nothing counts as not set.
  public func value(_ setting: Setting) -> Value? {
    let names = setting.names
    for name in names {
      if let text = provided[name] { return Value(text: text, origin: .provided) }
    }
    if let (name, text) = Self.find(names, in: environment, ignoresCase: setting.ignoresCase) {
      return Value(text: text, origin: .environment(name: name))
    }
    if let (name, text) = Self.find(names, in: file, ignoresCase: setting.ignoresCase) {
      return Value(text: text, origin: .file(name: name))
    }
    if profile == .allInOne, let text = setting.allInOne { return Value(text: text, origin: .profile) }
    if let text = setting.emulated, self.text(.brokerProvider) != "aws" {
      return Value(text: text, origin: .emulator)
    }
    return setting.fallback.map { Value(text: $0, origin: .builtIn) }
  }

  /// The first of the names that is set to something. In any case means: as it is written, in lower case, in upper case,
  /// then the first by name of those that differ in case alone; one that is blank is passed over.
  private static func find(
    _ names: [String],
    in values: [String: String],
    ignoresCase: Bool
  ) -> (name: String, text: String)? {
    for name in names {
      if let text = values[name], !text.isEmpty, !ignoresCase { return (name, text) }
      guard ignoresCase else { continue }
      let spellings = values.keys.filter { $0.lowercased() == name.lowercased() }.sorted()
      for spelling in [name, name.lowercased(), name.uppercased()] + spellings {
        if let text = values[spelling], text.contains(where: { !$0.isWhitespace }) { return (spelling, text) }
      }
    }
    return nil
  }

  /// The text of a setting; nil if nobody set it and it has no default.
  public func text(_ setting: Setting) -> String? { value(setting)?.text }

  /// The text of a setting that must be there: empty if it is not, of which `problems` then tells.
  public mutating func requiredText(_ setting: Setting) -> String {
    if let text = text(setting) { return text }
    problems.append("\(setting.name) is not set: \(setting.summary)")
    return ""
  }

  /// A whole number within a range; the lowest if there is none, of which `problems` then tells.
  public mutating func integer(_ setting: Setting, in range: ClosedRange<Int>) -> Int {
    guard let text = text(setting) else {
      problems.append("\(setting.name) is not set: \(setting.summary)")
      return range.lowerBound
    }
    guard let number = Int(text), range.contains(number) else {
      complain(setting, text, "a whole number from \(range.lowerBound) to \(range.upperBound)")
      return range.lowerBound
    }
    return number
  }

  /// As ``integer(_:in:)``, but nil if the setting is not set.
  public mutating func optionalInteger(_ setting: Setting, in range: ClosedRange<Int>) -> Int? {
    text(setting) == nil ? nil : integer(setting, in: range)
  }

  /// A time above zero, as `DurationText` has it.
  /// - Parameter isZeroAllowed: whether no time at all is a choice.
  public mutating func duration(_ setting: Setting, isZeroAllowed: Bool = false) -> Duration {
    guard let text = text(setting) else {
      problems.append("\(setting.name) is not set: \(setting.summary)")
      return .zero
    }
    guard let duration = DurationText.parse(text), isZeroAllowed ? duration >= .zero : duration > .zero else {
      complain(setting, text, "a time such as 500ms, 20s or 5m")
      return .seconds(1)
    }
    return duration
  }

  /// As ``duration(_:isZeroAllowed:)``, but nil if the setting is not set.
  public mutating func optionalDuration(_ setting: Setting) -> Duration? {
    text(setting) == nil ? nil : duration(setting)
  }

  /// `true` or `false`, in any case.
  public mutating func boolean(_ setting: Setting) -> Bool {
    choice(setting, [("true", true), ("false", false)], fallback: false)
  }

  /// Whole seconds, with commas between.
  public mutating func seconds(_ setting: Setting) -> [Int] {
    let parts = (text(setting) ?? "").split(separator: ",").map { Int($0.filter { $0 != " " }) }
    let numbers = parts.compactMap { $0 }.filter { (0...43_200).contains($0) }
    if numbers.count != parts.count {
      complain(setting, text(setting) ?? "", "seconds, 0 to 43200, with commas between")
    }
    return numbers
  }

  /// One of several words in lower case, whatever the case of the text; `fallback` if it is none of them, of which
  /// `problems` then tells.
  public mutating func choice<Choice>(_ setting: Setting, _ choices: [(String, Choice)], fallback: Choice)
    -> Choice
  {
    let text = text(setting) ?? ""
    if let match = choices.first(where: { $0.0.hasSameBytes(as: text.asciiLowercased) }) { return match.1 }
    complain(setting, text, "one of \(choices.map(\.0).joined(separator: ", "))")
    return fallback
  }

  /// What stands between commas, without blanks; what is empty is passed over.
  public func list(_ setting: Setting) -> [String] {
    (text(setting) ?? "").split(separator: ",").map { $0.filter { $0 != " " } }.filter { !$0.isEmpty }
  }

  /// Tells of something else that is wrong, in a sentence that begins with the name of a setting.
  public mutating func note(_ problem: String) { problems.append(problem) }

  /// Tells what a text should have been; a secret is not shown.
  package mutating func complain(_ setting: Setting, _ text: String, _ wanted: String) {
    let shown = setting.isSecret ? "its value" : "'\(text)'"
    problems.append("\(setting.name): \(shown) is not \(wanted)")
  }
}
