/// A prisoner as prisoner search knows them (docs/contract/non-associations.md §9.1).
struct Prisoner: Equatable, Sendable {
  var prisonerNumber: String
  var firstName: String
  var lastName: String
  /// A prison's code, `TRN` or `OUT`; nil without a booking.
  var prisonID: String?
  var prisonName: String?
  var cellLocation: String?
}
