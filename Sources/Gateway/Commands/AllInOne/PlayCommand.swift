internal import ArgumentParser
internal import EventLoops
internal import HTTPTransport
internal import HTTPTypes
internal import JSON
internal import LocalStack
internal import ServiceKit
internal import Time

struct PlayCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "play",
    abstract: "Let something happen in the prisons of a running all-in-one profile.",
    discussion: """
      Changes what the doubles of prison API and prisoner search know, publishes the events that the real services \
      would, waits until the queues are done with them, and says what came of it.

        gateway serve --profile all-in-one      (in another terminal)
        gateway play merge A1234BC B2345CD
        gateway play booking-moved E5678FG H8901JK
        gateway play discharge B2345CD --hospital NORGEN
        gateway play released C3456DE --hospital HAZLWD
        gateway play reception N3457PQ --prison LEI

      Some sample prisoners: A1234BC to D4567EF are at Moorland (MDI), E5678FG to G7890HJ at Leeds (LEI), H8901JK and \
      J9012KL at Wandsworth (WWI), K0123LM is being transferred, L1235MN is outside, N3457PQ and P4568QR are restricted \
      patients, Q5679RS and S6790TV are in hospital too. The hospitals: HAZLWD, STANSD, NORGEN. What was \
      played is so at the next start too.
      """,
    subcommands: [
      Merge.self, BookingMoved.self, Released.self, Reception.self, Received.self, Discharge.self,
      Removal.self,
    ]
  )

  /// Why nothing was played, in a line.
  struct NotPlayed: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
  }

  /// What every scene takes.
  struct Options: ParsableArguments {
    @Option(help: "The data folder of the running gateway (GATEWAY_LOCAL_DATA, else .local).")
    var data: String?

    @Flag(help: "Print the report as JSON.")
    var json = false

    /// Has the scene played by the running gateway, and prints the report.
    /// - Throws: `NotPlayed`.
    func play(_ scene: PlayScene) async throws {
      let path = LocalEndpoints.path(in: LocalData.folder(data))
      guard let endpoints = try? ConfigurationFile.read(path: path),
        let url = endpoints[LocalEndpoints.playName]
      else {
        throw NotPlayed(
          "\(path) is not there, or not of this version: start `gateway serve --profile all-in-one` first, and name "
            + "its folder with --data if it is not the default"
        )
      }
      let group = try EventLoopGroup(count: 1)
      defer { group.shutdown() }
      let client = HTTPClient(group: group)
      let result: Result<ClientResponse, any Error>
      do {
        let request = ClientRequest(
          method: .post,
          url: try HTTPURL(url),
          fields: [.contentType: "application/json"],
          body: scene.json
        )
        result = .success(try await client.send(request, deadline: group.now() + .seconds(60)))
      } catch {
        result = .failure(
          NotPlayed("no gateway answers at \(url), which \(path) names: is it running? (\(error))")
        )
      }
      await client.shutdown()
      let answer = try result.get()
      guard let report = PlayReport(json: answer.body) else {
        let fields = (try? JSONValue(parsing: answer.body)).flatMap { try? JSONObject($0) }
        throw NotPlayed((try? fields?.text("error")) ?? "the gateway answered \(answer.status.code)")
      }
      print(json ? String(decoding: answer.body, as: UTF8.self) : report.text)
    }
  }
}

extension PlayReport {
  fileprivate var text: String {
    let parts = [("What happened", did), ("Events", events), ("In the gateway", outcome)]
    return parts.filter { !$0.1.isEmpty }.map { title, lines in
      ([title + ":"] + lines.map { "  " + $0 }).joined(separator: "\n")
    }.joined(separator: "\n")
  }
}
