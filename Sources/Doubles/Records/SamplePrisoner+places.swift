extension SamplePrisoner {
  /// Whether the booking is active: the prisoner is in a prison, or on the way to one.
  package var isActive: Bool { bookingID != nil && prisonID != nil && prisonID != Place.outside.prisonID }

  /// Where a prisoner is after a movement.
  /// - Parameter agency: the prison that an admission leads to.
  mutating func move(_ movement: SampleMovement, to agency: SampleAgency?) {
    lastMovementTypeCode = movement.type
    lastMovementReasonCode = movement.reason
    switch movement.type {
    case "ADM":
      prisonID = movement.toAgency
      prisonName = agency?.description ?? movement.toAgency
      cellLocation = "RECP"
    case "TRN":
      prisonID = Place.transfer.prisonID
      prisonName = Place.transfer.name
      cellLocation = nil
    default:
      prisonID = Place.outside.prisonID
      prisonName = Place.outside.name
      cellLocation = nil
    }
  }

  /// Takes over the booking of another number, with where and how it is served.
  mutating func takeBooking(of other: SamplePrisoner) {
    bookingID = other.bookingID
    prisonID = other.prisonID
    prisonName = other.prisonName
    cellLocation = other.cellLocation
    conditionalReleaseDate = other.conditionalReleaseDate
    sentenceExpiryDate = other.sentenceExpiryDate
    isRecall = other.isRecall
    isIndeterminateSentence = other.isIndeterminateSentence
    legalStatus = other.legalStatus
    lastMovementTypeCode = other.lastMovementTypeCode
    lastMovementReasonCode = other.lastMovementReasonCode
  }

  mutating func loseBooking() {
    bookingID = nil
    prisonID = nil
    prisonName = nil
    cellLocation = nil
  }
}
