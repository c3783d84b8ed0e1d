import ServiceKit

/// What the API's description says of the module's routes (`non-associations.md` §7).
enum Operations {
  private typealias Response = APIOperation.Response

  private static let tag = "Non-associations"
  private static let maintenance = "Maintenance of non-associations"
  private static let idParameter = ["id": APISchema.integer(example: 1)]
  private static let missing = Response(404, "There is no such non-association", Schemas.error)
  private static let unknownPrisoner = Response(
    404,
    "Prisoner search does not know the prisoner",
    Schemas.error
  )

  static let list = APIOperation(
    "getPrisonerNonAssociations",
    "The non-associations of a prisoner",
    tag: tag,
    path: ["prisonerNumber": Schemas.prisonerNumber],
    query: Parameters.list,
    responses: [Response(200, "The prisoner and the list", Schemas.prisonerNonAssociations), unknownPrisoner]
  )

  static let create = APIOperation(
    "createNonAssociation",
    "Keep two prisoners apart",
    tag: tag,
    body: Schemas.create,
    responses: [
      Response(201, "It is created", Schemas.nonAssociation), unknownPrisoner,
      Response(409, "They have an open one already, or one of them has no location", Schemas.error),
    ]
  )

  static let page = APIOperation(
    "getNonAssociations",
    "All non-associations, page by page",
    tag: tag,
    query: Parameters.page,
    responses: [Response(200, "A page", Schemas.page)]
  )

  static let between = APIOperation(
    "getNonAssociationsBetweenPrisoners",
    "Those of which both prisoners are in the list",
    description: "An empty list finds nothing; any number of prisoner numbers fits one request.",
    tag: tag,
    query: Parameters.numbers,
    body: Schemas.numbers,
    responses: [Response(200, "By id", .array(Schemas.nonAssociation)), unknownPrisoner]
  )

  static let involving = APIOperation(
    "getNonAssociationsInvolvingPrisoners",
    "Those of which one prisoner at least is in the list",
    description: "An empty list finds nothing; any number of prisoner numbers fits one request.",
    tag: tag,
    query: Parameters.numbers,
    body: Schemas.numbers,
    responses: [Response(200, "By id", .array(Schemas.nonAssociation)), unknownPrisoner]
  )

  static let get = APIOperation(
    "getNonAssociation",
    "One non-association",
    tag: tag,
    path: idParameter,
    responses: [Response(200, "It", Schemas.nonAssociation), missing]
  )

  static let history = APIOperation(
    "getNonAssociationHistory",
    "What became of one non-association",
    description: "Every change with who, when and why, oldest first; also of one that was deleted.",
    tag: tag,
    path: idParameter,
    responses: [Response(200, "Its changes", Schemas.history), missing]
  )

  static let permissions = APIOperation(
    "getPermissions",
    "What a user may do about two prisoners",
    tag: tag,
    body: Schemas.permissions,
    responses: [Response(200, "A decision for each action", Schemas.permissionAnswer), unknownPrisoner]
  )

  static let patch = APIOperation(
    "patchNonAssociation",
    "Change one",
    description: "What is left out, or null, stays as it is.",
    tag: maintenance,
    path: idParameter,
    body: Schemas.patch,
    responses: [Response(200, "As it is now", Schemas.nonAssociation), missing]
  )

  static let close = APIOperation(
    "closeNonAssociation",
    "Close one",
    tag: maintenance,
    path: idParameter,
    body: Schemas.close,
    responses: [
      Response(200, "As it is now", Schemas.nonAssociation), missing,
      Response(409, "It is closed already", Schemas.error),
    ]
  )

  static let reopen = APIOperation(
    "reopenNonAssociation",
    "Open a closed one again",
    tag: maintenance,
    path: idParameter,
    body: Schemas.reopen,
    responses: [
      Response(200, "As it is now", Schemas.nonAssociation), missing,
      Response(409, "It is open already, or the two have another open one", Schemas.error),
    ]
  )

  static let delete = APIOperation(
    "deleteNonAssociation",
    "Delete one",
    description: "Its history stays.",
    tag: maintenance,
    path: idParameter,
    body: Schemas.delete,
    responses: [Response(204, "It is gone"), missing]
  )

  static let legacy = APIOperation(
    "getLegacyNonAssociation",
    "One non-association in the codes of NOMIS",
    tag: "Legacy",
    path: idParameter,
    responses: [Response(200, "It", Schemas.legacy), missing]
  )

  static let constants = APIOperation(
    "getConstants",
    "All codes with what they mean",
    tag: tag,
    responses: [Response(200, "The codes", Schemas.constants)]
  )
}
