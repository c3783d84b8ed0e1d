import EventLoops
import Events
import Postgres

/// Reads and writes the table `non_association` (`non-associations.md` §8).
struct NonAssociationsStore: Sendable {
  let database: PostgresDatabase
  let outbox: any Outbox

  private static let columns = """
    id, first_prisoner_number, first_prisoner_role, second_prisoner_number, second_prisoner_role, reason, \
    restriction_type, comment, when_created, when_updated, authorised_by, updated_by, closed_by, closed_reason, closed_at
    """

  static let byID = PostgresStatement(
    name: "non_association_by_id",
    sql: "select \(columns) from non_association where id = $1"
  )

  static let byPrisoner = PostgresStatement(
    name: "non_association_by_prisoner",
    sql: """
      select \(columns) from non_association
      where first_prisoner_number = $1 or second_prisoner_number = $1 order by id
      """
  )

  /// Spelt for the plain index over both numbers, which is there even where the unique one could not be made.
  static let openPairExists = PostgresStatement(
    name: "non_association_open_pair_exists",
    sql: """
      select exists (
        select from non_association
        where not is_closed
          and (first_prisoner_number = $1 and second_prisoner_number = $2
            or first_prisoner_number = $2 and second_prisoner_number = $1))
      """
  )

  static let insert = PostgresStatement(
    name: "non_association_insert",
    sql: """
      insert into non_association (
        first_prisoner_number, first_prisoner_role, second_prisoner_number, second_prisoner_role, reason,
        restriction_type, comment, when_created, when_updated, authorised_by, updated_by)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, $9)
      returning id
      """
  )

  func find(id: Int64, deadline: MonotonicInstant) async throws -> NonAssociation? {
    try await database.query(Self.byID, [.int8(id)], deadline: deadline).first.map { try NonAssociation($0) }
  }

  /// Every row with the prisoner on either side, open or closed, by id.
  func list(prisonerNumber: String, deadline: MonotonicInstant) async throws -> [NonAssociation] {
    try await database.query(Self.byPrisoner, [.text(prisonerNumber)], deadline: deadline)
      .map { try NonAssociation($0) }
  }

  /// Whether the two have an open non-association, whichever of them is first in it.
  func openPairExists(_ first: String, _ second: String, deadline: MonotonicInstant) async throws -> Bool {
    let rows = try await database.query(
      Self.openPairExists,
      [.text(first), .text(second)],
      deadline: deadline
    )
    return try rows.first?.bool(0) ?? false
  }

  /// Inserts an open non-association and records `event` of it, both or neither.
  /// - Throws: `NonAssociationsError.openPairExists` when another got in before: the database decides, not the check.
  func insert(
    _ new: NewNonAssociation,
    by user: String,
    at now: Timestamp,
    deadline: MonotonicInstant,
    event: @Sendable (NonAssociation) -> DomainEvent
  ) async throws -> NonAssociation {
    do {
      return try await database.withTransaction(deadline: deadline) { transaction in
        let rows = try await transaction.query(
          Self.insert,
          [
            .text(new.first.prisonerNumber), .text(new.first.role.rawValue), .text(new.second.prisonerNumber),
            .text(new.second.role.rawValue), .text(new.reason.rawValue), .text(new.restrictionType.rawValue),
            .text(new.comment), .timestamp(now), .text(user),
          ]
        )
        guard let returned = rows.first else { throw StoreError.noRowReturned }
        let row = NonAssociation(new, id: try returned.int64(0), by: user, at: now)
        try await outbox.append(event(row), in: transaction)
        return row
      }
    } catch let error as PostgresError
      where error.kind == .uniqueViolation && error.constraint == NonAssociationsModule.openPairIndexName
    {
      throw NonAssociationsError.openPairExists(
        first: new.first.prisonerNumber,
        second: new.second.prisonerNumber
      )
    }
  }
}

/// A row that is not what the module has written, or the database's refusal to return one.
enum StoreError: Error, Equatable {
  case unknownCode(column: String, id: Int64)
  case noRowReturned
}

extension NonAssociation {
  init(_ new: NewNonAssociation, id: Int64, by user: String, at now: Timestamp) {
    self.init(
      id: id,
      first: new.first,
      second: new.second,
      reason: new.reason,
      restrictionType: new.restrictionType,
      comment: new.comment,
      whenCreated: now,
      whenUpdated: now,
      authorisedBy: user,
      updatedBy: user
    )
  }

  /// Columns in the order of the store's select list.
  fileprivate init(_ row: PostgresRow) throws {
    let id = try row.int64(0)
    func code<Value: Code>(_ column: Int, _ name: String) throws -> Value {
      guard let value = Value(rawValue: try row.text(column)) else {
        throw StoreError.unknownCode(column: name, id: id)
      }
      return value
    }
    self.init(
      id: id,
      first: Party(prisonerNumber: try row.text(1), role: try code(2, "first_prisoner_role")),
      second: Party(prisonerNumber: try row.text(3), role: try code(4, "second_prisoner_role")),
      reason: try code(5, "reason"),
      restrictionType: try code(6, "restriction_type"),
      comment: try row.text(7),
      whenCreated: try row.timestamp(8),
      whenUpdated: try row.timestamp(9),
      authorisedBy: try row.optionalText(10),
      updatedBy: try row.text(11)
    )
    // The table's checks keep the three together with `is_closed`.
    if let by = try row.optionalText(12) {
      closure = Closure(by: by, reason: try row.text(13), at: try row.timestamp(14))
    }
  }
}
