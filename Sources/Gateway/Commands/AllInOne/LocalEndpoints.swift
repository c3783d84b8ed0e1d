internal import CLinux
internal import Doubles
internal import EventLoops
internal import LocalStack
internal import ModuleKit

/// Where a running all-in-one profile answers: `endpoints.env` in the data folder, NAME=value a line, for shells to
/// source. The first names are those of the gateway's own settings, so that a second gateway can be run on the same
/// database and doubles; the others are those of the front ends' environment (docs/contract/upstreams.md §5), a part for each, so
/// that they can be started on it.
struct LocalEndpoints {
  static let gatewayName = "GATEWAY_URL"
  /// Where `gateway play` finds the running gateway.
  static let playName = "GATEWAY_PLAY_URL"

  private typealias Line = (name: String, value: @Sendable (LocalEndpoints) -> String)

  private let environment: LocalEnvironment
  private let serverURL: String

  init(_ environment: LocalEnvironment, serverURL: String) {
    self.environment = environment
    self.serverURL = serverURL
  }

  static func path(in folder: String) -> String { folder + "/endpoints.env" }

  /// The names in the file that are no settings of the gateway.
  static let othersNames = Set(scripts.map(\.name)).union(LocalEnvironment.frontEndNames)

  // MARK: The lines

  private static let scripts: [Line] = [
    (gatewayName, { $0.serverURL }),
    (playName, { $0.environment.playURL }),
    ("CLIENT_ID", { _ in SampleClient.frontEnd.clientID }),
    ("CLIENT_SECRET", { _ in SampleClient.frontEnd.secret }),
  ]

  private var settings: [(name: String, value: String)] {
    let provided = LocalSettings.provided(by: environment).filter { name, _ in
      // One database, under the name that all modules read.
      !Modules.all.contains { $0.settings.database.url.name == name }
    }
    let broker = SettingsCatalog.broker.compactMap { setting in
      setting.allInOne.map { (name: setting.name, value: $0) }
    }
    return [
      (name: "DATABASE_URL", value: environment.databaseURL),
      (name: SettingsCatalog.sharesDatabase.name, value: "true"),
    ] + provided.map { (name: $0.key, value: $0.value) }.sorted { $0.name < $1.name } + broker
  }

  // MARK: The file

  /// What a shell makes the same variables of, whatever the values hold.
  private var text: String {
    let frontEnds = environment.frontEndParts(gatewayURL: serverURL)
    var text = """
      # Written again at each start. In a shell: set -a; . this-file; set +a
      # The front ends have names in common; each is started with its own part, in bash:
      \(frontEnds.map { "#   set -a; . <(sed -n '/^# \($0.title)/,/^$/p' this-file); set +a" }.joined(separator: "\n"))

      """
    let scripts = Self.scripts.map { (name: $0.name, value: $0.value(self)) }
    let parts =
      [
        ("The gateway, for scripts", [], scripts),
        ("The settings of another gateway beside it", [], settings),
      ] + frontEnds.map { ($0.title, $0.remarks, $0.lines) }
    for (title, remarks, lines) in parts {
      text += "\n# \(title)\n"
      for remark in remarks { text += "# \(remark)\n" }
      for line in lines { text += "\(line.name)=\(Self.quoted(line.value))\n" }
    }
    return text
  }

  private static func quoted(_ value: String) -> String {
    let isPlain = value.utf8.allSatisfy { !"&;|<>()$`\\\"' *#~".utf8.contains($0) }
    return isPlain ? value : "'\(value.replacing("'", with: "'\\''"))'"
  }

  /// Written beside the old file and moved into its place, so that no reader finds half of it.
  /// - Throws: `SystemError` when the file cannot be written.
  func write() throws(SystemError) {
    let path = Self.path(in: environment.dataFolder.path)
    let unfinished = path + ".new"
    guard let file = fopen(unfinished, "w") else { throw .last("writing \(unfinished)") }
    let isWritten = fputs(text, file) >= 0
    guard fclose(file) == 0, isWritten, rename(unfinished, path) == 0 else {
      throw .last("writing \(path)")
    }
  }
}
