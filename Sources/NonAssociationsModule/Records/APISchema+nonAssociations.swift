import ServiceKit

/// What the API's description says of values that several bodies have.
extension APISchema {
  static let nonAssociationID = APISchema.integer(
    "Identifies the non-association",
    example: 42
  )

  /// London's wall clock. It has no zone, and so is not what the format means (RFC 3339 §5.6), of which clients were
  /// generated that read a local time.
  static func londonTime(_ description: String) -> APISchema {
    .text(
      description + ", on London's clock, without a zone",
      example: "2023-12-05T12:34:56.123456",
      format: "date-time"
    )
  }

  /// London's wall clock as callers give it.
  static let givenTime = APISchema.text(
    "A time on London's clock, without a zone; now if left out",
    example: "2023-12-05T12:34:56",
    format: "date-time"
  )
}
