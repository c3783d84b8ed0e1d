internal import ArgumentParser
internal import LocalStack

/// A subcommand for one kind of scene: its arguments say which.
protocol PlaySubcommand: AsyncParsableCommand {
  var options: PlayCommand.Options { get }
  var scene: PlayScene { get }
}

extension PlaySubcommand {
  func run() async throws { try await options.play(scene) }
}

/// The scenes, in the order of `gateway play --help`.
extension PlayCommand {
  struct Merge: PlaySubcommand {
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

    var scene: PlayScene { PlayScene(.merge, removed, other: kept) }
  }

  struct BookingMoved: PlaySubcommand {
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

    var scene: PlayScene { PlayScene(.bookingMoved, from, other: to) }
  }

  struct Released: PlaySubcommand {
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

    var scene: PlayScene { PlayScene(.released, prisoner, hospital: hospital, reason: reason) }
  }

  struct Reception: PlaySubcommand {
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

    var scene: PlayScene { PlayScene(.reception, prisoner, prison: prison) }
  }

  struct Received: PlaySubcommand {
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

    var scene: PlayScene { PlayScene(.received, prisoner, prison: prison) }
  }

  struct Discharge: PlaySubcommand {
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

    var scene: PlayScene { PlayScene(.discharge, prisoner, hospital: hospital, user: user) }
  }

  struct Removal: PlaySubcommand {
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

    var scene: PlayScene { PlayScene(.removal, prisoner, user: user) }
  }
}
