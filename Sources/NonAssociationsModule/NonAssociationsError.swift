internal import Text

/// What the rules of `non-associations.md` §6 and §7 refuse, and what prisoner search may do to a request.
enum NonAssociationsError: Error, Equatable {
  /// No row has the id.
  case notFound(id: Int64)
  /// The row is closed already.
  case alreadyClosed(id: Int64)
  /// The row cannot be re-opened: it or another of its pair is open.
  case alreadyOpen(id: Int64)
  /// The pair has an open non-association, in whichever order; the numbers are in the order of the request.
  case openPairExists(first: String, second: String)
  /// These prisoners have no booking.
  case nullLocations([String])
  /// The token names no user.
  case noUserInContext
  /// The token's user name does not fit its column.
  case userNameTooLong(limit: Int)
  /// Every rule that the body breaks.
  case invalidBody([FieldViolation])
  /// Neither open nor closed ones are wanted.
  case neitherOpenNorClosed
  /// More rows were asked for than a page may have.
  case pageTooLarge(limit: Int64)
  /// An order by something that is no property of a non-association.
  case unknownSortField
  /// Fewer than two distinct prisoner numbers, to list what is between them.
  case tooFewPrisonersBetween
  /// No prisoner number, to list what involves it.
  case noPrisonersInvolved
  /// The prisoner number in the path is malformed.
  case malformedPrisonerNumber
  /// Prisoner search does not know these.
  case missingPrisoners([String])
  /// Prisoner search answered with another status than 200.
  case searchRefused(code: Int, reason: String)
  /// Prisoner search could not be asked, or answered something else than was asked for. The text is for the caller,
  /// the cause for the log.
  case searchFailed(String, cause: String)
}
