internal import ArgumentParser
internal import EventLoops
internal import HTTPTransport
internal import HTTPTypes
internal import JSON
internal import LocalProfile
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

      The sample prisoners: A1234BC to D4567EF are at Moorland (MDI), E5678FG to G7890HJ at Leeds (LEI), H8901JK and \
      J9012KL at Wandsworth (WWI), K0123LM is being transferred, L1235MN is outside, N3457PQ and P4568QR are restricted \
      patients, Q5679RS is in hospital too. The hospitals: HAZLWD, STANSD, NORGEN. Everything the doubles know starts \
      anew with the gateway.
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
        result = .success(try await client.send(request, deadline: .now() + .seconds(60)))
      } catch {
        result = .failure(
          NotPlayed("no gateway answers at \(url), which \(path) names: is it running? (\(error))")
        )
      }
      await client.shutdown()
      let answer = try result.get()
      guard let report = PlayReport(json: answer.body) else {
        let fields = (try? JSONValue(parsing: answer.body)).flatMap { try? JSONFields($0) }
        throw NotPlayed((try? fields?.text("error")) ?? "the gateway answered \(answer.status.code)")
      }
      print(json ? String(decoding: answer.body, as: UTF8.self) : report.text)
    }
  }

  struct Merge: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Two numbers turn out to be one person.",
      discussion: """
        Publishes prison-offender-events.prisoner.merged. Non-associations go over to the number that is kept; of a \
        restricted patient a person has to decide.

          gateway play merge A1234BC B2345CD
          gateway play merge N3457PQ C3456DE
        """
    )
    @Argument(help: "The number that goes.") var removed: String
    @Argument(help: "The number that stays.") var kept: String
    @OptionGroup var options: Options

    func run() async throws { try await options.play(PlayScene(.merge, removed, other: kept)) }
  }

  struct BookingMoved: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "booking-moved",
      abstract: "A booking goes over to another number.",
      discussion: """
        Publishes prison-offender-events.prisoner.booking.moved. Non-associations made during that booking go over.

          gateway play booking-moved E5678FG H8901JK
        """
    )
    @Argument(help: "Whose booking it was.") var from: String
    @Argument(help: "Whose it is now.") var to: String
    @OptionGroup var options: Options

    func run() async throws { try await options.play(PlayScene(.bookingMoved, from, other: to)) }
  }

  struct Released: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "A prisoner leaves prison: home, to a hospital, or to another prison.",
      discussion: """
        Publishes prisoner-offender-search.prisoner.released. Released to a secure hospital, they become a restricted \
        patient.

          gateway play released C3456DE --hospital HAZLWD
          gateway play released C3456DE
          gateway play released C3456DE --reason TRANSFERRED
        """
    )
    @Argument(help: "The prisoner's number.") var prisoner: String
    @Option(help: "The hospital they go to.") var hospital: String?
    @Option(help: "RELEASED_TO_HOSPITAL, TRANSFERRED, RELEASED or another; the event carries it.") var reason:
      String?
    @OptionGroup var options: Options

    func run() async throws {
      var scene = PlayScene(.released, prisoner)
      scene.hospital = hospital
      scene.reason = reason
      try await options.play(scene)
    }
  }

  struct Reception: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "A prisoner comes into a prison, as NOMIS tells it at once.",
      discussion: """
        Publishes OFFENDER_MOVEMENT-RECEPTION. A restricted patient is one no more.

          gateway play reception N3457PQ --prison LEI
        """
    )
    @Argument(help: "The prisoner's number.") var prisoner: String
    @Option(help: "The prison's code.") var prison = "MDI"
    @OptionGroup var options: Options

    func run() async throws {
      var scene = PlayScene(.reception, prisoner)
      scene.prison = prison
      try await options.play(scene)
    }
  }

  struct Received: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "A prisoner comes into a prison, as prison-offender-events tells it 45 minutes later.",
      discussion: """
        Publishes prison-offender-events.prisoner.received. A restricted patient is one no more.

          gateway play received N3457PQ --prison LEI
        """
    )
    @Argument(help: "The prisoner's number.") var prisoner: String
    @Option(help: "The prison's code.") var prison = "MDI"
    @OptionGroup var options: Options

    func run() async throws {
      var scene = PlayScene(.received, prisoner)
      scene.prison = prison
      try await options.play(scene)
    }
  }

  struct Discharge: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "A user moves a prisoner to a hospital, by the gateway's API.",
      discussion: """
        Calls POST /discharge-to-hospital as a front end does; the gateway then calls prison API, and prisoner search \
        tells of the release.

          gateway play discharge B2345CD --hospital HAZLWD
          gateway play discharge B2345CD --user RP_ALL_USER
        """
    )
    @Argument(help: "The prisoner's number.") var prisoner: String
    @Option(help: "The hospital's code.") var hospital = "HAZLWD"
    @Option(help: "The sample user who does it; gateway token --list shows them.") var user =
      "RP_TRANSFER_USER"
    @OptionGroup var options: Options

    func run() async throws {
      var scene = PlayScene(.discharge, prisoner)
      scene.hospital = hospital
      scene.user = user
      try await options.play(scene)
    }
  }

  struct Removal: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "A user removes a prisoner from the restricted patients, by the gateway's API.",
      discussion: """
        Calls DELETE /restricted-patient/prison-number/{number} as a front end does; the gateway then calls prison API.

          gateway play removal N3457PQ
        """
    )
    @Argument(help: "The prisoner's number.") var prisoner: String
    @Option(help: "The sample user who does it; gateway token --list shows them.") var user = "RP_REMOVE_USER"
    @OptionGroup var options: Options

    func run() async throws {
      var scene = PlayScene(.removal, prisoner)
      scene.user = user
      try await options.play(scene)
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
