extension SamplePrisoner {
  /// Those in hospital.
  private static let patients: Set = ["N3457PQ", "P4568QR", "Q5679RS", "S6790TV"]

  /// The prisons of those who are in one, by number.
  static var prisonsOfInmates: [(number: String, prisonID: String)] {
    all.compactMap { prisoner in
      prisoner.cellLocation.flatMap { _ in prisoner.prisonID }.map { (prisoner.prisonerNumber, $0) }
    }
  }

  /// The prisoners of a fresh all-in-one profile: several prisons, one with more than a page of a search shows (20), one in
  /// transfer, one outside, four in hospital, one without a booking. Of those in prison most may be moved to a hospital,
  /// with a release date to come or with none; of some the date is past (docs/contract/upstreams.md §5.1).
  public static let all: [SamplePrisoner] = {
    var all = people + moorland
    for index in all.indices {
      all[index].dateOfBirth = "\(1968 + index * 2 % 36)-0\(1 + index % 9)-1\(index % 10)"
      guard all[index].prisonID != nil else { continue }
      all[index].bookingID = 1_200_001 + Int64(index)
      all[index].setLastMovement()
      all[index].setSentence()
    }
    all[0].alerts = [SampleAlert(type: "X", code: "XA")]
    all[4].alerts = [
      SampleAlert(type: "H", code: "HA"), SampleAlert(type: "X", code: "XEL", isActive: false),
    ]
    all[4].category = "B"
    return all
  }()

  private static let people = [
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
    SamplePrisoner("S6790TV", "SIMON", "SHARPE", at: .outside),
    SamplePrisoner("T7801VW", "TERRY", "TODD", at: .leeds, cell: "A-1-005"),
    SamplePrisoner("V8912WX", "VICTOR", "VAUGHAN", at: .leeds, cell: "A-2-009"),
    SamplePrisoner("W9023XY", "WALTER", "WEBB", at: .leeds, cell: "B-2-016"),
    SamplePrisoner("X0134YZ", "XAVIER", "YATES", at: .leeds, cell: "B-3-021"),
  ]

  /// Names for those who fill Moorland: first name and last name.
  private static let names = [
    ("AARON", "ABBOTT"), ("BARRY", "BARLOW"), ("CHARLES", "CARVER"), ("DEREK", "DRAPER"), ("ERIC", "EAGLE"),
    ("FELIX", "FARROW"), ("GORDON", "GALE"), ("HENRY", "HARDY"), ("IVAN", "IRVING"), ("JACK", "JOYCE"),
    ("KARL", "KNIGHT"), ("LUKE", "LARKIN"), ("MARTIN", "MERCER"), ("NOEL", "NORTON"), ("OWEN", "OAKLEY"),
    ("PETER", "PARRY"), ("RALPH", "ROOKE"), ("SEAN", "O'SHEA"), ("TIM", "TANNER"), ("VINCE", "VICKERS"),
    ("WAYNE", "WARD"), ("YUSUF", "YORK"), ("ZAC", "ZELLER"), ("ALAN", "ARCHER"),
  ]

  private static let moorland = names.enumerated().map { index, name in
    SamplePrisoner(
      "R\(4001 + index)MV",
      name.0,
      name.1,
      at: .moorland,
      cell: "\(3 + index / 12)-\(1 + index % 3)-0\(10 + index)"
    )
  }

  private mutating func setLastMovement() {
    switch prisonID {
    case Place.transfer.prisonID: (lastMovementTypeCode, lastMovementReasonCode) = ("TRN", "NOTR")
    case Place.outside.prisonID:
      lastMovementTypeCode = "REL"
      lastMovementReasonCode = Self.patients.contains(prisonerNumber) ? "HP" : "CR"
    default: break
    }
  }

  /// What ends when; nothing is said of those of whom prisoner search says nothing.
  private mutating func setSentence() {
    switch prisonerNumber {
    case "N3457PQ", "Q5679RS", "B2345CD", "T7801VW", "R4003MV":
      (conditionalReleaseDate, sentenceExpiryDate) = ("2099-01-31", "2099-12-31")
    // Past the conditional release date.
    case "P4568QR", "S6790TV", "V8912WX", "R4001MV":
      (conditionalReleaseDate, sentenceExpiryDate) = ("2025-01-31", "2099-12-31")
    // Recalled, and past the end of the sentence.
    case "W9023XY", "R4002MV":
      (isRecall, legalStatus) = (true, "RECALL")
      (conditionalReleaseDate, sentenceExpiryDate) = ("2023-05-31", "2025-05-31")
    // A sentence without end, whatever the date of an earlier one.
    case "X0134YZ":
      (isIndeterminateSentence, legalStatus) = (true, "INDETERMINATE_SENTENCE")
      conditionalReleaseDate = "2020-01-31"
    default: break
    }
  }
}
