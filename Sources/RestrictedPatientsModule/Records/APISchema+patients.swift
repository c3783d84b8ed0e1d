import ServiceKit

/// What the API's description says of values that several bodies have.
extension APISchema {
  static let prisonerNumber = identifier(
    "Prisoner number, also called NOMS id",
    example: "A1234AA",
    ColumnLimit.prisonerNumber
  )
  static let prison = identifier("A prison", example: "MDI", ColumnLimit.prison)
  static let hospital = identifier("A hospital", example: "HAZLWD", ColumnLimit.hospital)

  /// Lengths stand in words: clients and their validators have the description without bounds.
  private static func identifier(_ description: String, example: String, _ limit: Int) -> APISchema {
    .text("\(description). \(ColumnLimit.words(limit))", example: example)
  }

  /// London's wall clock. It has no zone, and so is not what the format means (RFC 3339 §5.6), of which clients were
  /// generated that read a local time.
  static func londonTime(_ description: String) -> APISchema {
    .text(
      description + ", on London's clock, without a zone",
      example: "2021-07-16T12:34:56",
      format: "date-time"
    )
  }
}
