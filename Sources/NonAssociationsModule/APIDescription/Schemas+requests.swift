import ServiceKit

/// What the module takes.
extension Schemas {
  private static let text = APISchema.text(length: 1...Int.max)
  private static let name = APISchema.text(length: 1...NonAssociationsService.maximumUserNameLength)
  private static let inputTime = APISchema.nullable(
    .text(
      "London's clock; now if it is left out",
      example: "2023-12-05T12:34:56",
      pattern: "^20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]$"
    )
  )

  static let create = APISchema.named(
    "CreateNonAssociationRequest",
    .object([
      Property("firstPrisonerNumber", prisonerNumber), Property("firstPrisonerRole", role),
      Property("secondPrisonerNumber", prisonerNumber), Property("secondPrisonerRole", role),
      Property("reason", reason), Property("restrictionType", restrictionType),
      Property("comment", .text("Why they are kept apart, in words", length: 1...Int.max)),
    ])
  )

  static let patch = APISchema.named(
    "PatchNonAssociationRequest",
    .object([
      Property("firstPrisonerRole", .nullable(role), isRequired: false),
      Property("secondPrisonerRole", .nullable(role), isRequired: false),
      Property("reason", .nullable(reason), isRequired: false),
      Property("restrictionType", .nullable(restrictionType), isRequired: false),
      Property("comment", .nullable(text), isRequired: false),
    ])
  )

  static let close = APISchema.named(
    "CloseNonAssociationRequest",
    .object([
      Property("closedReason", text), Property("closedAt", inputTime, isRequired: false),
      Property("closedBy", .nullable(name), isRequired: false),
    ])
  )

  static let reopen = APISchema.named(
    "ReopenNonAssociationRequest",
    .object([
      Property("reopenReason", text), Property("reopenedAt", inputTime, isRequired: false),
      Property("reopenedBy", .nullable(name), isRequired: false),
    ])
  )

  static let delete = APISchema.named(
    "DeleteNonAssociationRequest",
    .object([Property("deletionReason", text), Property("staffUserNameRequestingDeletion", name)])
  )

  static let numbers = APISchema.nullable(
    .array(.text("A prisoner number; one that is malformed finds nothing", example: "A1234BC"))
  )

  static let permissions = APISchema.named(
    "PermissionQuestion",
    .object([
      Property("firstPrisonerNumber", prisonerNumber), Property("secondPrisonerNumber", prisonerNumber),
      Property("roles", .array(.text("A role of the user", example: "PRISON"))),
      Property("caseloads", .array(.text("A prison among the user's caseloads", example: "MDI"))),
      Property(
        "policy",
        .nullable(
          .choice(UserPermissions.Policy.allCases.map(\.rawValue), "Whose rules; documented if left out")
        ),
        isRequired: false
      ),
    ])
  )

  static let permissionAnswer: APISchema = {
    let decision = APISchema.named(
      "PermissionDecision",
      .object([Property("allowed", .boolean()), Property("rule", .text("Which rule decided"))])
    )
    let prisoner = APISchema.object([
      Property("prisonerNumber", prisonerNumber),
      Property(
        "found",
        .choice(UserPermissions.Place.allCases.map(\.rawValue), "Where the prisoner is, for the user")
      ),
      Property("viewProfile", decision),
    ])
    return .named(
      "PermissionAnswer",
      .object(
        UserPermissions.Action.allCases.map { Property($0.rawValue, decision) } + [
          Property("firstPrisoner", prisoner), Property("secondPrisoner", prisoner),
        ]
      )
    )
  }()
}
