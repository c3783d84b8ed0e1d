extension RelayMachine {
  /// What is written of a round's rows, as far as its claim still holds. Each row is in one list at most.
  package struct Settlement: Equatable, Sendable {
    /// Why a row needs a person.
    package enum Cause: Equatable, Sendable {
      /// The broker calls its content invalid.
      case refused
      /// It was not sent, as it was meant for another destination.
      case misdirected(to: String)
    }

    /// A row that stays in the table, while later ones of its subject go on without it.
    package struct SetAside: Equatable, Sendable {
      /// The row's number.
      package let row: Int64
      package let cause: Cause

      /// - Parameters: as the properties.
      package init(row: Int64, cause: Cause) { (self.row, self.cause) = (row, cause) }
    }

    /// A row to be tried again.
    package struct Postponed: Equatable, Sendable {
      /// The row's number.
      package let row: Int64
      /// From now on.
      package let delay: Duration
      /// So many more count against the row.
      package let attempts: Int

      /// - Parameters: as the properties.
      package init(row: Int64, delay: Duration, attempts: Int) {
        (self.row, self.delay, self.attempts) = (row, delay, attempts)
      }
    }

    /// Rows that the broker has.
    package var published: [Int64] = []
    package var setAside: [SetAside] = []
    package var postponed: [Postponed] = []
    /// Rows that there was no time left for in the claim: they can be claimed at once.
    package var untried: [Int64] = []
    /// Whether the broker took nothing, of this round or of another meanwhile: then the failures are its own, and count
    /// against no row.
    package var isBrokerAway = false

    /// Of no rows.
    package init() {}

    /// Rows in all four lists.
    package var count: Int { published.count + setAside.count + postponed.count + untried.count }
  }
}
