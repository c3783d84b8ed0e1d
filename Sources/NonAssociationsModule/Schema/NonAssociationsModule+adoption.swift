import Postgres
import ServiceKit

extension NonAssociationsModule {
  /// What taking over a database of the service replaced depends on (docs/contract/non-associations.md §8).
  static let adoption = Adoption(
    table: "non_association",
    columns: NonAssociation.record.table.adopted,
    invariants: [
      .init(
        "pairs of prisoners with several open non-associations",
        cure: "Close all but one of each: until then the database cannot keep further ones out.",
        sql: openPairsStoredTwice
      ),
      .init(
        "half closed non-associations",
        cure: "A closed one has closed_by, closed_reason and closed_at, an open one has none of them.",
        sql: """
          select id::text from non_association
          where is_closed <> (closed_by is not null) or is_closed <> (closed_reason is not null)
            or is_closed <> (closed_at is not null) order by id
          """
      ),
      .init(
        "non-associations of a prisoner with themselves",
        cure: "Delete them.",
        sql: """
          select id::text from non_association where first_prisoner_number = second_prisoner_number order by id
          """
      ),
      .init(
        "non-associations without one of the prisoner numbers",
        cure: "Correct them.",
        sql: """
          select id::text from non_association
          where btrim(first_prisoner_number) = '' or btrim(second_prisoner_number) = '' order by id
          """
      ),
      .init(
        "non-associations with a role, reason or restriction type that there is not",
        cure: "Correct them: answers show the code itself.",
        sql: """
          select id::text from non_association where \(NonAssociation.record.table.holdsUnknownCode)
          order by id
          """
      ),
      .init(
        "non-associations with a time that is not of the years 1 to 9999",
        cure: "Correct them: answers show the nearest time that they can.",
        sql: """
          select id::text from non_association
          where exists (
            select from unnest(array[when_created, when_updated, closed_at]) t
            where not (t >= '0001-01-01Z' and t < '10000-01-01Z')) order by id
          """
      ),
    ],
    steps: [
      .init(
        version: "2.1",
        waits: "builds an index, meanwhile changes wait, and reads do not",
        orders: ["least(first_prisoner_number, second_prisoner_number)"]
      ),
      .init(
        version: "2.3",
        waits:
          "builds four indexes, meanwhile changes wait, and reads do not but for a moment at the end, when another"
          + " is dropped",
        orders: ["id", "id", "when_created", "when_updated"]
      ),
      .init(
        version: "2.5",
        waits: "adds triggers, as soon as no transaction is changing rows, and for that moment changes wait",
        orders: []
      ),
    ]
  )
}
