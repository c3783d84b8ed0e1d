import ServiceKit
import Testing
import Text
import Time

@testable import NonAssociationsModule

/// The people and times of the contract's test cases (docs/contract/non-associations.md §15).
enum Fixture {
  /// 2023-12-05T12:34:56.123456 in London.
  static let clock = Timestamp(microseconds: 1_701_779_696_123_456)

  static let ann = Prisoner(
    prisonerNumber: "A1234BC",
    firstName: "ANN",
    lastName: "ADAMS",
    prisonID: "MDI",
    prisonName: "Moorland",
    cellLocation: "A-1"
  )
  static let ben = Prisoner(
    prisonerNumber: "D5678EF",
    firstName: "BEN",
    lastName: "BRAND",
    prisonID: "MDI",
    prisonName: "Moorland",
    cellLocation: "A-2"
  )
  static let cy = Prisoner(
    prisonerNumber: "G9012HI",
    firstName: "CY",
    lastName: "YOUNG",
    prisonID: "MDI",
    prisonName: "Moorland",
    cellLocation: "A-3"
  )
  static let ed = Prisoner(
    prisonerNumber: "L3456MN",
    firstName: "ED",
    lastName: "MARSH",
    prisonID: "FBI",
    prisonName: "Forest Bank",
    cellLocation: "C-2"
  )
  static let transferred = Prisoner(
    prisonerNumber: "C1234CC",
    firstName: "TIM",
    lastName: "TRAVELLER",
    prisonID: "TRN",
    prisonName: "Transfer"
  )
  static let released = Prisoner(
    prisonerNumber: "B1234BB",
    firstName: "OLA",
    lastName: "OUTSIDE",
    prisonID: "OUT",
    prisonName: "Outside"
  )
  static let unplaced = Prisoner(prisonerNumber: "D1234DD", firstName: "LEE", lastName: "LOST")

  static let everybody = [ann, ben, cy, ed, transferred, released, unplaced]

  /// `F(a, b)`: an open row.
  static func open(_ id: Int64, _ first: String, _ second: String) -> NonAssociation {
    NonAssociation(
      id: id,
      first: .init(prisonerNumber: first, role: .known(.victim)),
      second: .init(prisonerNumber: second, role: .known(.perpetrator)),
      reason: .known(.bullying),
      restrictionType: .known(.cell),
      comment: "kept apart",
      whenCreated: clock,
      whenUpdated: clock,
      authorisedBy: "Mr Bobby",
      updatedBy: "A_DPS_USER"
    )
  }

  /// `Fc(a, b)`: the same, closed.
  static func closed(_ id: Int64, _ first: String, _ second: String) -> NonAssociation {
    var row = open(id, first, second)
    row.closure = .init(by: "CLOSE_USER", reason: "settled", at: clock)
    row.updatedBy = "CLOSE_USER"
    return row
  }

  static func byNumber(_ prisoners: [Prisoner]) -> [ByteText: Prisoner] {
    Dictionary(prisoners.map { (ByteText($0.prisonerNumber), $0) }) { _, last in last }
  }
}

extension NonAssociation {
  /// A row as tests write it down.
  init(
    id: Int64,
    first: Party,
    second: Party,
    reason: StoredCode<Reason>,
    restrictionType: StoredCode<RestrictionType>,
    comment: String,
    whenCreated: Timestamp,
    whenUpdated: Timestamp,
    authorisedBy: String? = nil,
    updatedBy: String,
    closure: Closure? = nil
  ) {
    self.init(
      id: id,
      given: Given(
        first: first,
        second: second,
        reason: reason,
        restrictionType: restrictionType,
        comment: comment
      ),
      whenCreated: whenCreated,
      whenUpdated: whenUpdated,
      authorisedBy: authorisedBy,
      updatedBy: updatedBy,
      closure: closure
    )
  }
}
