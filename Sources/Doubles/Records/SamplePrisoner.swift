/// A prisoner as prisoner search shows one (docs/contract/upstreams.md §3). All names and numbers here are invented.
public struct SamplePrisoner: Sendable, Equatable {
  /// The NOMS number: `A1234BC`.
  public var prisonerNumber: String
  public var firstName: String
  public var lastName: String
  /// A prison's code, `TRN` while being transferred, `OUT` outside, nil without a booking.
  public var prisonID: String?
  /// Name of where the prisoner is; nil without a booking.
  public var prisonName: String?
  /// Nil outside a prison.
  public var cellLocation: String?
  /// NOMIS's number of the booking; nil without one.
  public var bookingID: Int64?
  /// `yyyy-MM-dd`.
  public var conditionalReleaseDate: String?
  /// `yyyy-MM-dd`.
  public var sentenceExpiryDate: String?
  /// Whether the prisoner was recalled from a release.
  public var isRecall = false
  /// Whether the sentence has no end date.
  public var isIndeterminateSentence = false
  /// `SENTENCED`, `RECALL` and others, as prisoner search has them.
  public var legalStatus = "SENTENCED"
  public var lastMovementTypeCode = "ADM"
  public var lastMovementReasonCode = "N"
  /// `yyyy-MM-dd`.
  public var dateOfBirth = "1990-01-01"
  public var category = "C"
  var alerts: [SampleAlert] = []

  /// - Parameter place: code and name of where the prisoner is, nil for nowhere.
  public init(
    _ number: String,
    _ firstName: String,
    _ lastName: String,
    at place: Place?,
    cell: String? = nil
  ) {
    prisonerNumber = number
    self.firstName = firstName
    self.lastName = lastName
    prisonID = place?.prisonID
    prisonName = place?.name
    cellLocation = cell
  }

  /// Where a prisoner can be.
  public struct Place: Sendable {
    public let prisonID: String
    public let name: String

    public static let moorland = Place(prisonID: "MDI", name: "Moorland (HMP & YOI)")
    public static let leeds = Place(prisonID: "LEI", name: "Leeds (HMP)")
    public static let wandsworth = Place(prisonID: "WWI", name: "Wandsworth (HMP)")
    public static let transfer = Place(prisonID: "TRN", name: "Transfer")
    public static let outside = Place(prisonID: "OUT", name: "Outside")
  }

  /// Somebody of any number, at Moorland.
  public static func invented(_ number: String) -> SamplePrisoner {
    var prisoner = SamplePrisoner(number, "NOBODY", "KNOWN", at: .moorland, cell: "3-1-001")
    prisoner.bookingID = 1_300_001
    return prisoner
  }
}
