import ServiceKit

extension NonAssociation {
  /// The shape and codes that the NOMIS synchronisation reads (docs/contract/non-associations.md §5, §7.12).
  enum LegacyShape: ObjectShape {
    typealias Value = NonAssociation
    static let name: String? = "LegacyNonAssociation"

    static func declare(_ json: inout some ObjectDescriber<NonAssociation>) {
      json.integer("id", .nonAssociationID) { $0.id }
      json.legacySide { $0.given.first }
      json.text("typeCode", .choice(LegacyRestrictionType.allCases.map(\.rawValue))) {
        LegacyRestrictionType($0.given.restrictionType).rawValue
      }
      json.text("typeDescription") { LegacyRestrictionType($0.given.restrictionType).description }
      json.instant("effectiveDate", .londonTime("When the non-association began")) { $0.whenCreated }
      json.optionalInstant("expiryDate", .londonTime("When the non-association ended")) { $0.closure?.at }
      json.optionalText("authorisedBy") { $0.authorisedBy }
      json.text("comments") { $0.given.comment }
      json.object("offenderNonAssociation", OtherSide.self) { $0 }
    }
  }

  private enum OtherSide: ObjectShape {
    typealias Value = NonAssociation
    static let name: String? = "LegacyNonAssociationOtherPrisonerDetails"

    static func declare(_ json: inout some ObjectDescriber<NonAssociation>) {
      json.legacySide { $0.given.second }
    }
  }
}

extension ObjectDescriber<NonAssociation> {
  /// A prisoner with their part in it.
  fileprivate mutating func legacySide(_ party: (NonAssociation) -> NonAssociation.Party) {
    text("offenderNo") { party($0).prisonerNumber }
    text("reasonCode", .choice(LegacyReason.allCases.map(\.rawValue))) {
      LegacyReason($0.given.reason, party($0).role).rawValue
    }
    text("reasonDescription") { LegacyReason($0.given.reason, party($0).role).description }
  }
}
