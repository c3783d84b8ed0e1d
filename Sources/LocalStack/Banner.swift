internal import Doubles

/// What the all-in-one profile prints when it is ready: where things are, and what to try.
struct Banner: Sendable {
  /// What a shell calls this program.
  var program: String
  var serverURL: String
  var authURL: String
  var prisonerSearchURL: String
  var prisonAPIURL: String
  var userServicesURL: String
  var dataFolder: String
  var clusterFolder: String
  var databaseURL: String

  var text: String {
    let client = SampleClient.frontEnd
    let data = clusterFolder.hasPrefix(dataFolder) ? dataFolder : "\(dataFolder), cluster in \(clusterFolder)"
    return #"""

      The gateway is ready: all-in-one profile, for development and NOT for production.

        console              \#(serverURL)/  (in a browser: start here)
        API                  \#(serverURL)
        HMPPS Auth           \#(authURL)  (double; in a browser: how users sign in)
        prisoner search      \#(prisonerSearchURL)  (double, \#(SamplePrisoner.all.count) prisoners)
        prison API           \#(prisonAPIURL)  (double)
        prisoners            \#(userServicesURL)/  (double of Digital Prison Services: links into the front ends)
        users, components    \#(userServicesURL)  (double of manage-users, nomis-user-roles, …)
        data                 \#(data)
        database             psql '\#(databaseURL)'

      All of it as variables, with a part for each front end:  \#(dataFolder)/endpoints.env
      Clients, all with the secret \#(SampleClient.commonSecret):
      \#(clients)

      Get a token, then list, create and read (STAFF_USER1 is any user you like; \#(program) token --list shows them):
        TOKEN=$(curl -s -u \#(client.clientID):\#(client.secret) \
          -d grant_type=client_credentials -d username=STAFF_USER1 \
          \#(authURL)/oauth/token | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
        curl -s -H "Authorization: Bearer $TOKEN" \
          '\#(serverURL)/prisoner/A1234BC/non-associations?includeOtherPrisons=true'
        curl -s -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d '{
          "firstPrisonerNumber":"\#(SampleNonAssociation.freePair.0)","firstPrisonerRole":"VICTIM",
          "secondPrisonerNumber":"\#(SampleNonAssociation.freePair.1)","secondPrisonerRole":"PERPETRATOR",
          "reason":"BULLYING","restrictionType":"CELL","comment":"Seen on the wing"}' \
          \#(serverURL)/non-associations
        curl -s -H "Authorization: Bearer $TOKEN" \#(serverURL)/non-associations/1
        curl -s -H "Authorization: Bearer $TOKEN" \#(serverURL)/restricted-patient/prison-number/N3457PQ

      Let something happen, in another terminal:
        \#(program) play discharge B2345CD --hospital HAZLWD
        \#(program) play merge A1234BC C3456DE
        \#(program) play --help

      Stop with Control-C. What was written is there again at the next start; to start from nothing, remove the data folder.

      """#
  }

  private var clients: String {
    let shown: [SampleClient] = [.frontEnd, .reader, .administrator]
    return shown.map { client in
      let padding = String(repeating: " ", count: max(1, 27 - client.clientID.count))
      return "  \(client.clientID)\(padding)\(client.purpose)"
    }.joined(separator: "\n")
  }
}
