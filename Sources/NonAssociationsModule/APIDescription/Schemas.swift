import ServiceKit

/// What the API's description says of the module's bodies (`non-associations.md` §5).
enum Schemas {
  typealias Property = APISchema.Property

  static let prisonerNumber = APISchema.text(
    "Prisoner number, also called NOMS id",
    example: "A1234BC",
    pattern: "^[a-zA-Z][0-9]{4}[a-zA-Z]{2}$"
  )
  static let id = APISchema.integer("Identifies the non-association", example: 42, in: 1...Int64.max)

  static func codes<Value: Code>(_ type: Value.Type, _ description: String) -> APISchema {
    .choice(type.allCases.map(\.rawValue), description)
  }

  static let role = codes(Role.self, "The prisoner's part in it")
  static let reason = codes(Reason.self, "Why they are kept apart")
  static let restrictionType = codes(RestrictionType.self, "How far apart they are kept")

  /// London's wall clock, without a zone.
  static func time(_ description: String) -> APISchema {
    .text(
      description + ", on London's clock",
      example: "2023-12-05T12:34:56.123456",
      pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,9})?$"
    )
  }

  private static let codesOfBoth: [Property] = [
    Property("reason", reason), Property("reasonDescription", .text()),
    Property("restrictionType", restrictionType), Property("restrictionTypeDescription", .text()),
  ]

  private static let closure: [Property] = [
    Property("isClosed", .boolean()), Property("closedBy", .nullable(.text("Who closed it"))),
    Property("closedReason", .nullable(.text("Why it was closed"))),
    Property("closedAt", .nullable(time("When it was closed"))),
  ]

  private static let times: [Property] = [
    Property("whenCreated", time("When it was created")),
    Property("whenUpdated", time("When it was last changed")),
    Property("updatedBy", .text("Who changed it last")),
  ]

  static let nonAssociation = APISchema.named(
    "NonAssociation",
    .object(
      [
        Property("id", id), Property("firstPrisonerNumber", prisonerNumber),
        Property("firstPrisonerRole", role),
        Property("firstPrisonerRoleDescription", .text()), Property("secondPrisonerNumber", prisonerNumber),
        Property("secondPrisonerRole", role), Property("secondPrisonerRoleDescription", .text()),
      ] + codesOfBoth + [Property("comment", .text())] + times + closure + [Property("isOpen", .boolean())],
      description: "Two prisoners who are, or were, to be kept apart"
    )
  )

  private static let place: [Property] = [
    Property("firstName", .text()), Property("lastName", .text()),
    Property("prisonId", .nullable(.text(example: "MDI"))), Property("prisonName", .nullable(.text())),
    Property("cellLocation", .nullable(.text())),
  ]

  static let prisonerNonAssociations = APISchema.named(
    "PrisonerNonAssociations",
    .object(
      [Property("prisonerNumber", .text())] + place + [
        Property("openCount", .integer("Open ones, listed or not")),
        Property("closedCount", .integer("Closed ones, listed or not")),
        Property("nonAssociations", .array(listed)),
      ],
      description: "A prisoner and whom they are to be kept apart from"
    )
  )

  private static let listed = APISchema.named(
    "PrisonerNonAssociation",
    .object(
      [Property("id", id), Property("role", role), Property("roleDescription", .text())] + codesOfBoth
        + [Property("comment", .text()), Property("authorisedBy", .text("Empty where it is not known"))]
        + times
        + closure + [Property("otherPrisonerDetails", other), Property("isOpen", .boolean())]
    )
  )

  private static let other = APISchema.named(
    "OtherPrisonerDetails",
    .object(
      [Property("prisonerNumber", .text()), Property("role", role), Property("roleDescription", .text())]
        + place
    )
  )

  static let page = APISchema.named(
    "NonAssociationsPage",
    .object([
      Property("content", .array(nonAssociation)), Property("empty", .boolean()),
      Property("first", .boolean()),
      Property("last", .boolean()), Property("number", .integer("The page, from 0")),
      Property("numberOfElements", .integer()), Property("pageable", pageable), Property("size", .integer()),
      Property("sort", sort), Property("totalElements", .integer("Of all pages")),
      Property("totalPages", .integer()),
    ])
  )

  private static let pageable = APISchema.named(
    "Pageable",
    .object([
      Property("offset", .integer()), Property("pageNumber", .integer()), Property("pageSize", .integer()),
      Property("paged", .boolean()), Property("sort", sort), Property("unpaged", .boolean()),
    ])
  )

  private static let sort = APISchema.named(
    "Sort",
    .object([
      Property("empty", .boolean()), Property("sorted", .boolean()), Property("unsorted", .boolean()),
    ])
  )

  static let history = APISchema.named(
    "NonAssociationHistory",
    .object([
      Property("id", id),
      Property(
        "history",
        .array(
          .object([
            Property("change", .choice(ChangeKind.allCases.map(\.rawValue))),
            Property("changedAt", time("When")), Property("changedBy", .text("Who")),
            Property("changeReason", .nullable(.text("Why"))),
            Property("requestedBy", .nullable(.text("Who asked for a deletion"))),
            Property("nonAssociation", nonAssociation),
          ])
        )
      ),
    ])
  )

  private static let code = APISchema.object([Property("code", .text()), Property("description", .text())])

  static let constants = APISchema.named(
    "Constants",
    .object([
      Property("roles", .array(code)), Property("reasons", .array(code)),
      Property("restrictionTypes", .array(code)),
    ])
  )

  static let legacy: APISchema = {
    let side: [Property] = [
      Property("offenderNo", .text()), Property("reasonCode", .text()),
      Property("reasonDescription", .text()),
    ]
    return .named(
      "LegacyNonAssociation",
      .object(
        [Property("id", id)] + side + [
          Property("typeCode", .text()), Property("typeDescription", .text()),
          Property("effectiveDate", time("When it began")),
          Property("expiryDate", .nullable(time("When it ended"))),
          Property("authorisedBy", .nullable(.text())), Property("comments", .nullable(.text())),
          Property("offenderNonAssociation", .object(side)),
        ]
      )
    )
  }()

  static let error = APISchema.named(
    "NonAssociationsError",
    .object([
      Property("status", .integer("The HTTP status")), Property("userMessage", .text()),
      Property("developerMessage", .text()),
      Property("errorCode", .nullable(.integer("What kind of error, where one status has several"))),
      Property("moreInfo", .nullable(.text())),
    ])
  )
}
