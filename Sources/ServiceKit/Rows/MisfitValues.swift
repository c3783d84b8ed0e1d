public import Logging
internal import Synchronization

/// Counts the values of rows that no answer can hold, such as a time without an end or a code that nobody knows, and
/// says in the log once where each is. The row is shown with the nearest value that an answer can hold, and is never
/// changed because of it.
public final class MisfitValues: Sendable {
  /// How often a column had one.
  public struct Count: Sendable {
    /// The table, as the metric names it.
    public let table: String
    /// The column, as the database names it.
    public let column: String
    /// How many values were read that no answer can hold.
    public let count: Int
  }

  /// Which row it is.
  enum Row: Hashable {
    case id(Int64)
    /// The row's key is a prisoner, whom no log names above debug.
    case prisoner(String)
  }

  private struct Place: Hashable {
    let table: String
    let column: String
  }

  private struct Told: Hashable {
    let place: Place
    let row: Row
  }

  private struct State {
    var counts: [Place: Int] = [:]
    var told: Set<Told> = []
  }

  /// Rows that are told of in the log by one process; more are counted only.
  private static let maximumTold = 1000

  private let logger: Logger
  private let state = Mutex(State())

  /// - Parameter logger: gets a warning for each value, once.
  public init(logger: Logger) { self.logger = logger }

  /// Since the start of the process, each reading of a value by itself.
  public var counts: [Count] {
    state.withLock(\.counts).map { Count(table: $0.key.table, column: $0.key.column, count: $0.value) }
      .sorted { ($0.table, $0.column) < ($1.table, $1.column) }
  }

  func note(table: String, column: String, row: Row) {
    let place = Place(table: table, column: column)
    let isNew = state.withLock { state in
      state.counts[place, default: 0] += 1
      guard state.told.count < Self.maximumTold else { return false }
      return state.told.insert(Told(place: place, row: row)).inserted
    }
    guard isNew else { return }
    var metadata: Logger.Metadata = ["table": "\(table)", "column": "\(column)"]
    if case .id(let id) = row { metadata["id"] = "\(id)" }
    logger.warning(
      "a row has a value that no answer can hold: the nearest one is shown, and the row stays as it is",
      metadata: metadata
    )
    if case .prisoner(let number) = row {
      logger.debug("the row with that value is of prisoner \(number)", metadata: metadata)
    }
  }
}
