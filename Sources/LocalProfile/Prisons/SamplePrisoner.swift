internal import ServiceKit

/// A prisoner as prisoner search shows one (upstreams.md §3). All names and numbers here are invented.
public struct SamplePrisoner: Sendable {
  public var prisonerNumber: String
  public var firstName: String
  public var lastName: String
  /// A prison's code, `TRN` while being transferred, `OUT` outside, nil without a booking.
  public var prisonID: String?
  public var prisonName: String?
  /// Nil outside a prison.
  public var cellLocation: String?
  public var bookingID: Int64?
  public var conditionalReleaseDate: String?
  public var sentenceExpiryDate: String?
  public var isRecall = false
  public var isIndeterminateSentence = false
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

  /// Those in hospital.
  private static let patients: Set = ["N3457PQ", "P4568QR", "Q5679RS"]

  /// The prisons of those who are in one, by number.
  static var prisonsOfInmates: [(number: String, prisonID: String)] {
    all.compactMap { prisoner in
      prisoner.cellLocation.flatMap { _ in prisoner.prisonID }.map { (prisoner.prisonerNumber, $0) }
    }
  }

  /// The prisoners of a fresh all-in-one profile: several prisons, one in transfer, one outside, three in
  /// hospital, one without a booking.
  public static let all: [SamplePrisoner] = {
    var all = [
      SamplePrisoner("A1234BC", "ADAM", "ARCHER", at: .moorland, cell: "1-1-001"),
      SamplePrisoner("B2345CD", "BRIAN", "BAXTER", at: .moorland, cell: "1-2-014"),
      SamplePrisoner("C3456DE", "CALLUM", "CROSS", at: .moorland, cell: "2-1-007"),
      SamplePrisoner("D4567EF", "DANIEL", "DUNN", at: .moorland, cell: "RECP"),
      SamplePrisoner("E5678FG", "EDWARD", "ELLIS", at: .leeds, cell: "A-3-022"),
      SamplePrisoner("F6789GH", "FRANK", "FOSTER", at: .leeds, cell: "B-1-003"),
      SamplePrisoner("G7890HJ", "GEORGE", "GIBBS", at: .leeds, cell: "CSWAP"),
      SamplePrisoner("H8901JK", "HARRY", "HOLT", at: .wandsworth, cell: "C-2-030"),
      SamplePrisoner("J9012KL", "JACOB", "JARVIS", at: .wandsworth, cell: "D-4-011"),
      SamplePrisoner("K0123LM", "KYLE", "KEMP", at: .transfer),
      SamplePrisoner("L1235MN", "LIAM", "LOWE", at: .outside),
      SamplePrisoner("M2346NP", "MARK", "MOSS", at: nil),
      SamplePrisoner("N3457PQ", "NEIL", "NASH", at: .outside),
      SamplePrisoner("P4568QR", "PAUL", "PRICE", at: .outside),
      SamplePrisoner("Q5679RS", "QUINN", "QUAYLE", at: .outside),
    ]
    for index in all.indices where all[index].prisonID != nil {
      all[index].bookingID = 1_200_001 + Int64(index)
    }
    for index in all.indices {
      all[index].dateOfBirth = "\(1968 + index * 2)-0\(1 + index % 9)-1\(index % 10)"
    }
    all[0].alerts = [SampleAlert(type: "X", code: "XA")]
    all[4].alerts = [
      SampleAlert(type: "H", code: "HA"), SampleAlert(type: "X", code: "XEL", isActive: false),
    ]
    all[4].category = "B"
    for index in all.indices where all[index].prisonID == "TRN" {
      all[index].lastMovementTypeCode = "TRN"
      all[index].lastMovementReasonCode = "NOTR"
    }
    for index in all.indices where all[index].prisonID == "OUT" {
      all[index].lastMovementTypeCode = "REL"
      let isInHospital = patients.contains(all[index].prisonerNumber)
      all[index].lastMovementReasonCode = isInHospital ? "HP" : "CR"
      if isInHospital { all[index].conditionalReleaseDate = "2099-01-31" }
      all[index].sentenceExpiryDate = all[index].conditionalReleaseDate.map { _ in "2099-12-31" }
      if all[index].prisonerNumber == "P4568QR" { all[index].conditionalReleaseDate = "2025-01-31" }
    }
    return all
  }()

  /// Somebody of any number, at Moorland.
  public static func invented(_ number: String) -> SamplePrisoner {
    var prisoner = SamplePrisoner(number, "NOBODY", "KNOWN", at: .moorland, cell: "3-1-001")
    prisoner.bookingID = 1_300_001
    return prisoner
  }
}
