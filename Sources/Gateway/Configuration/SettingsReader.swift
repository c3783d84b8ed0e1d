internal import EventLoops
internal import HTTPTransport

/// Reads settings from the environment, then a file, then defaults, and collects everything that is wrong, so that an
/// operator sees all of it at once.
struct SettingsReader {
  /// Where a value came from.
  enum Origin: Sendable, Equatable {
    case environment(name: String)
    case file(name: String)
    case profile
    /// Because topics and queues are not AWS's own.
    case emulator
    case builtIn
  }

  struct Value: Sendable {
    let text: String
    let origin: Origin
  }

  private let environment: [String: String]
  private let file: [String: String]
  private let profile: Profile
  /// Names like ours with a letter that no name of ours has.
  private let lookAlikes: [String]
  /// What is wrong, a sentence each, in the order found.
  private(set) var problems: [String] = []

  init(environment: [String: String], file: [String: String] = [:], profile: Profile) {
    // Every name of ours is ASCII, and a dictionary takes a look-alike for one.
    func isASCII(_ name: String) -> Bool { name.utf8.allSatisfy { $0 < 0x80 } }
    self.environment = environment.filter { isASCII($0.key) }
    self.file = file.filter { isASCII($0.key) }
    lookAlikes =
      (environment.keys.filter { name in
        !isASCII(name) && SettingsCatalog.ownPrefixes.contains { name.hasPrefix($0) }
      } + file.keys.filter { !isASCII($0) }).sorted()
    self.profile = profile
  }

  /// The value in force. A variable that is set to nothing counts as not set.
  func value(_ setting: Setting) -> Value? {
    let names = [setting.name] + setting.aliases
    for name in names {
      if let text = environment[name], !text.isEmpty {
        return Value(text: text, origin: .environment(name: name))
      }
    }
    for name in names {
      if let text = file[name], !text.isEmpty { return Value(text: text, origin: .file(name: name)) }
    }
    if profile == .allInOne, let text = setting.allInOne { return Value(text: text, origin: .profile) }
    if let text = setting.emulated, self.text(SettingsCatalog.queueProvider) != "aws" {
      return Value(text: text, origin: .emulator)
    }
    return setting.fallback.map { Value(text: $0, origin: .builtIn) }
  }

  func text(_ setting: Setting) -> String? { value(setting)?.text }

  mutating func requiredText(_ setting: Setting) -> String {
    if let text = text(setting) { return text }
    problems.append("\(setting.name) is not set: \(setting.summary)")
    return ""
  }

  mutating func integer(_ setting: Setting, in range: ClosedRange<Int>) -> Int {
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

  mutating func optionalInteger(_ setting: Setting, in range: ClosedRange<Int>) -> Int? {
    text(setting) == nil ? nil : integer(setting, in: range)
  }

  /// A time such as `500ms`, `20s`, `5m` or `1h`; a number without a unit is milliseconds.
  /// - Parameter isZeroAllowed: whether no time at all is a choice.
  mutating func duration(_ setting: Setting, isZeroAllowed: Bool = false) -> Duration {
    guard let text = text(setting) else {
      problems.append("\(setting.name) is not set: \(setting.summary)")
      return .zero
    }
    guard let duration = Self.parseDuration(text), isZeroAllowed || duration > .zero else {
      complain(setting, text, "a time such as 500ms, 20s or 5m")
      return .seconds(1)
    }
    return duration
  }

  mutating func optionalDuration(_ setting: Setting) -> Duration? {
    text(setting) == nil ? nil : duration(setting)
  }

  mutating func boolean(_ setting: Setting) -> Bool {
    choice(setting, [("true", true), ("false", false)], fallback: false)
  }

  /// Whole seconds, with commas between.
  mutating func seconds(_ setting: Setting) -> [Int] {
    let parts = (text(setting) ?? "").split(separator: ",").map { Int($0.filter { $0 != " " }) }
    let numbers = parts.compactMap { $0 }.filter { (0...43_200).contains($0) }
    if numbers.count != parts.count {
      complain(setting, text(setting) ?? "", "seconds, 0 to 43200, with commas between")
    }
    return numbers
  }

  mutating func url(_ setting: Setting) -> HTTPURL? {
    let text = requiredText(setting)
    do {
      return try HTTPURL(text)
    } catch {
      problems.append("\(setting.name): '\(text)' is not a usable URL: \(error)")
      return nil
    }
  }

  mutating func choice<Choice>(_ setting: Setting, _ choices: [(String, Choice)], fallback: Choice) -> Choice
  {
    let text = text(setting) ?? ""
    if let match = choices.first(where: { $0.0.hasSameBytes(as: text.asciiLowercased) }) { return match.1 }
    complain(setting, text, "one of \(choices.map(\.0).joined(separator: ", "))")
    return fallback
  }

  func list(_ setting: Setting) -> [String] {
    (text(setting) ?? "").split(separator: ",").map { $0.filter { $0 != " " } }.filter { !$0.isEmpty }
  }

  /// Names of hosts, with commas between, each in its one form.
  mutating func hosts(_ setting: Setting) -> [HTTPHost] {
    list(setting).compactMap { text in
      let host = HTTPHost(text)
      if host == nil {
        complain(setting, text, "a host name such as api.example.test, without scheme and path")
      }
      return host
    }
  }

  mutating func note(_ problem: String) { problems.append(problem) }

  /// Variables with a name like ours that nothing reads: most likely a spelling mistake.
  func unknownNames() -> [String] {
    let known = Set(SettingsCatalog.all.flatMap { [$0.name] + $0.aliases }).union(LocalEndpoints.othersNames)
    let mistakable = environment.keys.filter { name in
      SettingsCatalog.ownPrefixes.contains { name.hasPrefix($0) } && !known.contains(name)
        && !name.hasPrefix("GATEWAY_TEST_")
    }
    return (mistakable + file.keys.filter { !known.contains($0) } + lookAlikes).sorted()
  }

  private mutating func complain(_ setting: Setting, _ text: String, _ wanted: String) {
    let shown = setting.isSecret ? "its value" : "'\(text)'"
    problems.append("\(setting.name): \(shown) is not \(wanted)")
  }

  static func parseDuration(_ text: String) -> Duration? {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard let number = Int64(digits), number <= 86_400_000 else { return nil }
    switch text.dropFirst(digits.count) {
    case "ms", "": return .milliseconds(number)
    case "s": return .seconds(number)
    case "m": return .seconds(number * 60)
    case "h": return .seconds(number * 3600)
    default: return nil
    }
  }
}
