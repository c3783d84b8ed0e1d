import ServiceKit

/// What the API's description says of the module's bodies (`restricted-patients.md` §7).
enum Schemas {
  typealias Property = APISchema.Property

  static let prisonerNumber = APISchema.text(
    "Prisoner number, also called NOMS id",
    example: "A1234AA",
    length: 1...Width.prisonerNumber
  )
  private static let prison = APISchema.text("A prison", example: "MDI", length: 1...Width.prison)
  private static let hospital = APISchema.text("A hospital", example: "HAZLWD", length: 1...Width.hospital)

  /// London's wall clock. It has no zone, and so is not what the format `date-time` of RFC 3339 means.
  private static func time(_ description: String) -> APISchema {
    .text(description + ", on London's clock", example: "2021-07-16T12:34:56")
  }

  private static let agency = APISchema.named(
    "Agency",
    .object([
      Property("agencyId", .text(example: "MDI")), Property("description", .text(), isRequired: false),
      Property("longDescription", .text(), isRequired: false),
      Property("agencyType", .text(), isRequired: false),
      Property("active", .boolean(), isRequired: false),
    ])
  )

  static let patient = APISchema.named(
    "RestrictedPatientDto",
    .object([
      Property("prisonerNumber", prisonerNumber),
      Property("fromLocation", agency, isRequired: false),
      Property("hospitalLocation", agency, isRequired: false),
      Property("supportingPrison", agency, isRequired: false),
      // Clients are generated from the format, wrong as it is (`platform.md` section 11, row 47).
      Property(
        "dischargeTime",
        .text("When the prisoner went to hospital", example: "2021-07-16T12:34:56", format: "date-time")
      ),
      Property("commentText", .text(), isRequired: false),
      Property("createDateTime", time("When the record was made")),
      Property("createUserId", .text(), isRequired: false),
    ])
  )

  private static let recordProperties: [Property] = [
    Property("prisonerNumber", prisonerNumber), Property("fromLocationId", prison),
    Property("hospitalLocationCode", hospital), Property("supportingPrisonId", prison),
    Property("dischargeTime", time("When the prisoner went to hospital")),
    Property("commentText", .nullable(.text())),
    Property("createDateTime", time("When the record was made")),
    Property("createUserId", .nullable(.text())),
    Property("modifyDateTime", .nullable(time("When it was last changed"))),
    Property("modifyUserId", .nullable(.text())),
  ]

  static let record = APISchema.named("RestrictedPatientRecord", .object(recordProperties))

  private static let removed = APISchema.named(
    "RemovedRestrictedPatient",
    .object(
      recordProperties + [
        Property("removedDateTime", time("When it was removed")),
        Property("removedUserId", .nullable(.text())),
        Property("removedBecause", .choice(["USER", "RECEPTION", "BATCH", "MERGE"])),
      ]
    )
  )

  static let history = APISchema.named(
    "RestrictedPatientHistory",
    .object([
      Property("prisonerNumber", .text()), Property("current", .nullable(record)),
      Property("removed", .array(removed)),
    ])
  )

  static let page = APISchema.named(
    "RestrictedPatientsPage",
    .object([
      Property("content", .array(patient)), Property("first", .boolean()), Property("last", .boolean()),
      Property("number", .integer("The page, from 0")), Property("numberOfElements", .integer()),
      Property("size", .integer()), Property("totalElements", .integer("Of all pages")),
      Property("totalPages", .integer()),
    ])
  )

  static let discharge = APISchema.named(
    "DischargeToHospitalRequest",
    .object([
      Property("offenderNo", prisonerNumber), Property("fromLocationId", prison),
      Property("hospitalLocationCode", hospital),
      Property(
        "supportingPrisonId",
        .nullable(
          .text("The prison that stays responsible; fromLocationId if left out", length: 1...Width.prison)
        ),
        isRequired: false
      ),
      Property("dischargeTime", .nullable(time("Now if left out")), isRequired: false),
      Property("commentText", .nullable(.text(length: 0...Width.comment)), isRequired: false),
    ])
  )

  static let migrate = APISchema.named(
    "MigrateInRequest",
    .object([Property("offenderNo", prisonerNumber), Property("hospitalLocationCode", hospital)])
  )

  static let supportingPrison = APISchema.named(
    "SupportingPrisonRequest",
    .object([Property("offenderNo", prisonerNumber), Property("supportingPrisonId", prison)])
  )

  private static let resolution = APISchema.choice(
    MergeResolution.allCases.map(\.rawValue),
    "What is decided"
  )

  static let merge = APISchema.named(
    "StuckMerge",
    .object([
      Property("removedPrisonerNumber", .text()), Property("keptPrisonerNumber", .text()),
      Property("removedRecord", .nullable(record)), Property("keptRecord", .nullable(record)),
      Property("since", time("When it was first met")), Property("lastSeen", time("When it was last met")),
      Property("deliveries", .integer()), Property("choices", .array(resolution)),
    ])
  )

  static let resolve = APISchema.named("ResolveMergeRequest", .object([Property("resolution", resolution)]))

  static let resolved = APISchema.named(
    "ResolvedMerge",
    .object([
      Property("removedPrisonerNumber", .text()), Property("keptPrisonerNumber", .text()),
      Property("resolution", resolution), Property("resolvedDateTime", time("When it was decided")),
      Property("resolvedUserId", .text()),
    ])
  )

  static let unknownOutcome = APISchema.named(
    "UnknownOutcome",
    .object([
      Property("prisonerNumber", .text()), Property("operation", .text()),
      Property("requestedBy", .nullable(.text())),
      Property("since", time("When it was tried")), Property("reason", .nullable(.text())),
    ])
  )

  static let error = APISchema.named(
    "ErrorResponse",
    .object([
      Property("status", .integer("The HTTP status")),
      Property("errorCode", .nullable(.text("What kind of error")), isRequired: false),
      Property("userMessage", .nullable(.text()), isRequired: false),
      Property("developerMessage", .nullable(.text()), isRequired: false),
      Property("moreInfo", .nullable(.text()), isRequired: false),
    ])
  )
}
