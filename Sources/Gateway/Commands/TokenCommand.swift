internal import ArgumentParser
internal import EventLoops
internal import LocalProfile

struct TokenCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "token",
    abstract: "Print a token for the all-in-one profile.",
    discussion: """
      It is signed with the development key of the data folder, so only a server of the all-in-one profile with that
      folder accepts it. Start that server once before, so that the key is there.

        gateway token --username STAFF_USER1 --role READ_NON_ASSOCIATIONS
        gateway token --username STAFF_USER1 --role WRITE_NON_ASSOCIATIONS --scope read --scope write
      """
  )

  @Option(help: "The user the token speaks for; without one it is a system's.")
  var username: String?

  @Option(name: .customLong("role"), help: "A role it carries, with or without ROLE_. Repeat for several.")
  var roles: [String] = []

  @Option(
    name: .customLong("scope"),
    help: "A scope it carries. Repeat for several; read and write if not given."
  )
  var scopes: [String] = []

  @Option(help: "The client it was issued to.")
  var clientID = "gateway-command-line"

  @Option(help: "Minutes until it expires.")
  var minutes = 60

  @Option(help: "The data folder of the all-in-one profile (GATEWAY_LOCAL_DATA, else .local).")
  var data: String?

  func validate() throws {
    guard (1...525_600).contains(minutes) else {
      throw ValidationError("--minutes must be from 1 to 525600, which is a year")
    }
  }

  func run() async throws {
    let folder =
      data ?? SettingsReader(environment: ProcessEnvironment.read(), profile: .allInOne)
      .text(SettingsCatalog.localData) ?? ".local"
    let issuer = try TokenIssuer.local(dataFolder: folder, clock: SystemClock())
    var claims = TokenIssuer.Claims(
      clientID: clientID,
      username: username,
      roles: roles,
      scopes: scopes.isEmpty ? ["read", "write"] : scopes
    )
    claims.lifetime = .seconds(minutes * 60)
    print(try issuer.issue(claims).text)
  }
}
