internal import ArgumentParser
internal import Doubles
internal import LocalStack
internal import Time

struct TokenCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "token",
    abstract: "Print a token for the all-in-one profile.",
    discussion: """
      A user's token is what a front end holds once that user has signed in: it carries the user's roles. A client's \
      token carries the client's roles; --username says for whom it works. Non-associations are read and written with \
      a client's token, restricted patients with either.

        gateway token --list
        gateway token --client hmpps-non-associations-ui --username STAFF_USER1
        gateway token --user RP_TRANSFER_USER
        gateway token --username ANYBODY --role READ_NON_ASSOCIATIONS --scope read
        curl -H "Authorization: Bearer $(gateway token --client reporting-client)" \\
          http://127.0.0.1:8080/prisoner/A1234BC/non-associations

      It is signed with the development key of the data folder, which is made if it is not there: only a server of the \
      all-in-one profile with that folder accepts it, whether it is started before or after.
      """
  )

  @Option(help: "A sample user who has signed in (--list shows them).")
  var user: String?

  @Option(help: "The client that works for itself, or that --user has signed in with (--list shows them).")
  var client: String?

  @Option(help: "Any user name, for whom a client works; the roles are still the client's.")
  var username: String?

  @Option(
    name: .customLong("role"),
    help: "A role of the token in place of its owner's, with or without ROLE_. Repeat for several."
  )
  var roles: [String] = []

  @Option(
    name: .customLong("scope"),
    help:
      "A scope of the token in place of the client's; without --client, read and write. Repeat for several."
  )
  var scopes: [String] = []

  @Option(help: "The client that the token names; it need not exist.")
  var clientID: String?

  @Option(help: "Minutes until the token expires; 0 for a token that has expired.")
  var minutes = 60

  @Flag(name: [.long, .customLong("list-users")], help: "Show the sample users and clients, and stop.")
  var list = false

  @Option(help: "The data folder of the all-in-one profile (GATEWAY_LOCAL_DATA, else .local).")
  var data: String?

  func validate() throws {
    guard (0...525_600).contains(minutes) else {
      throw ValidationError("--minutes must be from 0 to 525600, which is a year")
    }
    if user == nil, client == nil, username == nil, roles.isEmpty, clientID == nil, !list {
      throw ValidationError(
        "whose token? Say --user or --client (--list shows them), or --username and --role as you like"
      )
    }
    if user != nil, username != nil {
      throw ValidationError("--user is a sample user who has signed in, --username a name: give one of them")
    }
    if client != nil, clientID != nil {
      throw ValidationError("--client is a client that exists, --client-id any text: give one of them")
    }
    if let user, SampleUser.named(user) == nil {
      throw ValidationError("there is no sample user \(user): --list shows them; --username takes any name")
    }
    if let client, SampleClient.named(client) == nil {
      throw ValidationError("there is no client \(client): --list shows them; --client-id takes any text")
    }
  }

  func run() async throws {
    if list {
      print(Self.everybody)
      return
    }
    let issuer = try TokenIssuer.local(dataFolder: LocalData.folder(data), clock: SystemClock())
    print(try issuer.issue(claims()).text)
  }

  private func claims() -> TokenIssuer.Claims {
    let known = client.flatMap { SampleClient.named($0) }
    var claims: TokenIssuer.Claims
    if let user = user.flatMap({ SampleUser.named($0) }) {
      claims = .init(user, client: known ?? .signIn)
    } else if let known {
      claims = .init(known, username: username)
    } else {
      claims = .init(
        clientID: "gateway-command-line",
        username: username,
        roles: [],
        scopes: ["read", "write"]
      )
    }
    if let clientID { claims.clientID = clientID }
    if !roles.isEmpty { claims.authorities = roles.map { $0.hasPrefix("ROLE_") ? $0 : "ROLE_" + $0 } }
    if !scopes.isEmpty { claims.scopes = scopes }
    // Beyond the minute that clocks may differ by.
    claims.lifetime = minutes == 0 ? .seconds(-120) : .seconds(minutes * 60)
    return claims
  }

  private static var everybody: String {
    let users = SampleUser.all.map { user in
      """
        \(user.username)  \(user.name), \(user.authSource)\(user.caseloads.isEmpty ? "" : ", " + user.caseloads.joined(separator: " "))
            \(user.purpose)
            \(user.roles.joined(separator: " "))
      """
    }
    let clients = SampleClient.all.map { client in
      """
        \(client.clientID)
            \(client.purpose)
            \(client.roles.isEmpty ? "no roles of its own" : client.roles.joined(separator: " "))
      """
    }
    return (["Users, with --user:"] + users + ["", "Clients, with --client:"] + clients)
      .joined(separator: "\n")
  }
}
