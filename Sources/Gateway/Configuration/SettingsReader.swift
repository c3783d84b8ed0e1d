internal import HTTPTransport
internal import Text

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

    /// The name it was set by; nil where nobody set it.
    var name: String? {
      switch self {
      case .environment(let name), .file(let name): name
      case .profile, .emulator, .builtIn: nil
      }
    }
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
    if let (name, text) = Self.find(names, in: environment, ignoresCase: setting.ignoresCase) {
      return Value(text: text, origin: .environment(name: name))
    }
    if let (name, text) = Self.find(names, in: file, ignoresCase: setting.ignoresCase) {
      return Value(text: text, origin: .file(name: name))
    }
    if profile == .allInOne, let text = setting.allInOne { return Value(text: text, origin: .profile) }
    if let text = setting.emulated, self.text(SettingsCatalog.queueProvider) != "aws" {
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

  /// A time above zero, as `DurationText` has it.
  /// - Parameter isZeroAllowed: whether no time at all is a choice.
  mutating func duration(_ setting: Setting, isZeroAllowed: Bool = false) -> Duration {
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

  /// The proxy of the settings; nil if there is none.
  mutating func proxy() -> HTTPProxy? {
    guard let value = value(SettingsCatalog.proxy) else { return nil }
    do {
      return try HTTPProxy(value.text, except: text(SettingsCatalog.proxyExceptions) ?? "")
    } catch {
      // Without the text: it may hold a password.
      problems.append("\(value.origin.name ?? SettingsCatalog.proxy.name): it is no usable proxy: \(error)")
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
      .union(BrokerKeys.names)
    let inAnyCase = Set(
      SettingsCatalog.all.filter(\.ignoresCase).flatMap { [$0.name] + $0.aliases }.map { $0.lowercased() }
    )
    let mistakable = environment.keys.filter { name in
      SettingsCatalog.ownPrefixes.contains { name.hasPrefix($0) } && !known.contains(name)
        && !name.hasPrefix("GATEWAY_TEST_")
    }
    let unread = file.keys.filter { name in
      !known.contains(name) && !ReplacedSettings.names.contains(name)
        && !inAnyCase.contains(name.lowercased())
    }
    return Set(mistakable).union(unread).union(lookAlikes).sorted()
  }

  /// What is set and has no effect, with the reason: see ``ReplacedSettings``.
  func ineffectiveSettings() -> [(name: String, reason: String)] {
    ReplacedSettings.ineffective(
      file.merging(environment) { own, other in other.isEmpty ? own : other },
      self
    )
  }

  private mutating func complain(_ setting: Setting, _ text: String, _ wanted: String) {
    let shown = setting.isSecret ? "its value" : "'\(text)'"
    problems.append("\(setting.name): \(shown) is not \(wanted)")
  }
}
