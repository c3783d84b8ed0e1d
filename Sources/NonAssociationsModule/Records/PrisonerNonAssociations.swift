import ServiceKit
internal import Text

/// The non-associations of one prisoner, with the names and places of everybody in them (docs/contract/non-associations.md §7.1).
struct PrisonerNonAssociations: Sendable {
  /// A class: a list is filtered, sorted and written, and one reference is handed on at less cost than all fields.
  final class Item: Sendable {
    let nonAssociation: NonAssociation
    let otherPrisoner: Prisoner
    private let isFirst: Bool

    /// - Parameter isFirst: whether the listed prisoner is the first of the row.
    init(_ nonAssociation: NonAssociation, isFirst: Bool, _ otherPrisoner: Prisoner) {
      self.nonAssociation = nonAssociation
      self.otherPrisoner = otherPrisoner
      self.isFirst = isFirst
    }

    var own: NonAssociation.Party { isFirst ? nonAssociation.first : nonAssociation.second }
    var other: NonAssociation.Party { isFirst ? nonAssociation.second : nonAssociation.first }
  }

  var prisoner: Prisoner
  /// Open ones among those that the other-prisons filter leaves, whether or not they are listed.
  var openCount: Int
  /// Closed ones, likewise.
  var closedCount: Int
  var items: [Item]
  /// About how many bytes it is as JSON.
  var jsonSize: Int { 512 + items.count * 1024 }

  /// - Parameters:
  ///   - rows: every row with the prisoner on either side, by id.
  ///   - prisoners: everybody in them, and the prisoner.
  /// - Returns: nil if somebody is missing from `prisoners`.
  init?(
    of prisoner: Prisoner,
    rows: [NonAssociation],
    prisoners: [ByteText: Prisoner],
    options: ListOptions
  ) {
    var items: [Item] = []
    items.reserveCapacity(rows.count)
    for row in rows {
      let isFirst = row.isFirst(prisoner.prisonerNumber)
      let other = isFirst ? row.second : row.first
      guard let otherPrisoner = prisoners[ByteText(other.prisonerNumber)] else { return nil }
      // Nil is equal to nil here: two prisoners without a booking are in the same place, which is none.
      guard options.includeOtherPrisons || otherPrisoner.prisonID == prisoner.prisonID else { continue }
      items.append(Item(row, isFirst: isFirst, otherPrisoner))
    }
    self.prisoner = prisoner
    closedCount = items.count { $0.nonAssociation.isClosed }
    openCount = items.count - closedCount
    items.removeAll { $0.nonAssociation.isClosed ? !options.includeClosed : !options.includeOpen }
    items.sort { $0.precedes($1, by: options.sortBy, options.direction) }
    self.items = items
  }
}

extension PrisonerNonAssociations.Item {
  /// Nulls come first in ascending order and last in descending; ties are in the order of ids in both.
  func precedes(_ next: PrisonerNonAssociations.Item, by key: SortKey, _ direction: SortDirection) -> Bool {
    let order =
      switch key {
      case .whenCreated: Order(nonAssociation.whenCreated, next.nonAssociation.whenCreated)
      case .whenUpdated: Order(nonAssociation.whenUpdated, next.nonAssociation.whenUpdated)
      case .whenClosed: Order(nonAssociation.closure?.at, next.nonAssociation.closure?.at)
      case .lastName: Order(text: otherPrisoner.lastName, next.otherPrisoner.lastName)
      case .firstName: Order(text: otherPrisoner.firstName, next.otherPrisoner.firstName)
      case .prisonerNumber: Order(text: other.prisonerNumber, next.other.prisonerNumber)
      case .prisonID: Order(text: otherPrisoner.prisonID, next.otherPrisoner.prisonID)
      case .prisonName: Order(text: otherPrisoner.prisonName, next.otherPrisoner.prisonName)
      case .cellLocation: Order(text: otherPrisoner.cellLocation, next.otherPrisoner.cellLocation)
      }
    switch order {
    case .same: return nonAssociation.id < next.nonAssociation.id
    case .before: return direction == .ascending
    case .after: return direction == .descending
    }
  }

  private enum Order {
    case before, same, after

    init<Value: Comparable>(_ left: Value?, _ right: Value?) {
      switch (left, right) {
      case (nil, nil): self = .same
      case (nil, _): self = .before
      case (_, nil): self = .after
      case (let left?, let right?): self = left < right ? .before : left == right ? .same : .after
      }
    }

    /// By UTF-16 code unit, as the service replaced compared: `B` before `a`, and no locale.
    init(text left: String?, _ right: String?) {
      guard let left, let right else {
        self.init(left, right)
        return
      }
      self =
        left.utf16.lexicographicallyPrecedes(right.utf16)
        ? .before : right.utf16.lexicographicallyPrecedes(left.utf16) ? .after : .same
    }
  }
}

// MARK: JSON

extension PrisonerNonAssociations {
  /// The contract's shape of a prisoner's list (docs/contract/non-associations.md §5).
  enum Shape: ObjectShape {
    typealias Value = PrisonerNonAssociations
    static let name: String? = "PrisonerNonAssociations"
    static let summary: String? = "A prisoner and whom they are to be kept apart from"

    static func declare(_ json: inout some ObjectDescriber<PrisonerNonAssociations>) {
      json.text("prisonerNumber") { $0.prisoner.prisonerNumber }
      json.nameAndPlace { $0.prisoner }
      json.integer("openCount", .countCalledText("Open non-associations, listed or not: a number")) {
        Int64($0.openCount)
      }
      json.integer("closedCount", .countCalledText("Closed non-associations, listed or not: a number")) {
        Int64($0.closedCount)
      }
      json.array("nonAssociations", of: Item.Shape.self) { $0.items }
    }
  }
}

extension PrisonerNonAssociations.Item {
  fileprivate enum Shape: ObjectShape {
    typealias Value = PrisonerNonAssociations.Item
    static let name: String? = "PrisonerNonAssociation"

    static func declare(_ json: inout some ObjectDescriber<PrisonerNonAssociations.Item>) {
      json.integer("id", .nonAssociationID) { $0.nonAssociation.id }
      json.code("role", words: "roleDescription") { $0.own.role }
      json.codes { $0.nonAssociation }
      json.text("comment") { $0.nonAssociation.given.comment }
      json.text("authorisedBy", .text("Who authorised the non-association; empty where nobody knows")) {
        $0.nonAssociation.authorisedBy ?? ""
      }
      json.times { $0.nonAssociation }
      json.closure { $0.nonAssociation }
      json.object("otherPrisonerDetails", OtherPrisoner.self) { $0 }
      json.boolean("isOpen") { !$0.nonAssociation.isClosed }
    }
  }

  private enum OtherPrisoner: ObjectShape {
    typealias Value = PrisonerNonAssociations.Item
    static let name: String? = "OtherPrisonerDetails"

    static func declare(_ json: inout some ObjectDescriber<PrisonerNonAssociations.Item>) {
      json.text("prisonerNumber") { $0.other.prisonerNumber }
      json.code("role", words: "roleDescription") { $0.other.role }
      json.nameAndPlace { $0.otherPrisoner }
    }
  }
}

extension ObjectDescriber {
  fileprivate mutating func nameAndPlace(_ prisoner: (Value) -> Prisoner) {
    text("firstName") { prisoner($0).firstName }
    text("lastName") { prisoner($0).lastName }
    optionalText("prisonId", .text(example: "MDI")) { prisoner($0).prisonID }
    optionalText("prisonName") { prisoner($0).prisonName }
    optionalText("cellLocation") { prisoner($0).cellLocation }
  }
}
