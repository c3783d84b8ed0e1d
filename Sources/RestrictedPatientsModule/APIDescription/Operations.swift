import ServiceKit

/// What the API's description says of the module's routes (`restricted-patients.md` §7).
enum Operations {
  private typealias Response = APIOperation.Response

  private static let tag = "Restricted patients"
  private static let administration = "What waits for a person"
  private static let number = ["prisonNumber": APISchema.text(example: "A1234AA")]
  private static let missing = Response(404, "There is no such restricted patient", Schemas.error)
  private static let refused = Response(400, "The request cannot be", Schemas.error)
  private static let unknown = Response(
    404,
    "Prison API or prisoner search does not know the prisoner",
    Schemas.error
  )
  private static let underWay = Response(409, "Another change of the prisoner is under way", Schemas.error)

  static let discharge = APIOperation(
    "dischargeToHospital",
    "Discharge a prisoner to a hospital",
    tag: tag,
    body: Schemas.discharge,
    responses: [Response(201, "The record is made", Schemas.patient), unknown, underWay]
  )

  static let migrate = APIOperation(
    "migrateInRestrictedPatient",
    "Make a record for a prisoner who was released to a hospital",
    tag: tag,
    body: Schemas.migrate,
    responses: [Response(201, "The record is made", Schemas.patient), unknown, underWay]
  )

  static let read = APIOperation(
    "getRestrictedPatient",
    "One restricted patient",
    tag: tag,
    path: number,
    responses: [Response(200, "The patient with the agencies", Schemas.patient), missing]
  )

  static let remove = APIOperation(
    "removeRestrictedPatient",
    "Remove the record",
    description: "What it was is kept; see its history.",
    tag: tag,
    path: number,
    responses: [Response(200, "The record as it was", Schemas.record), missing, underWay]
  )

  static let history = APIOperation(
    "getRestrictedPatientHistory",
    "The record and those removed before",
    tag: tag,
    path: number,
    responses: [Response(200, "All records of the prisoner", Schemas.history), missing]
  )

  static let changeSupportingPrison = APIOperation(
    "changeSupportingPrison",
    "Make another prison responsible",
    tag: tag,
    body: Schemas.supportingPrison,
    responses: [Response(200, "The patient with the agencies", Schemas.patient), missing, underWay]
  )

  static let list = APIOperation(
    "getRestrictedPatients",
    "All restricted patients, page by page",
    tag: tag,
    query: [
      Parameters.supportingPrison.declaration, Parameters.hospital.declaration, Parameters.from.declaration,
      Parameters.to.declaration, Parameters.page.declaration, Parameters.size.declaration,
    ],
    responses: [Response(200, "A page", Schemas.page)]
  )

  static let merges = APIOperation(
    "getStuckMerges",
    "Merges of patients that wait for a decision",
    tag: administration,
    responses: [Response(200, "Oldest first", .array(Schemas.merge))]
  )

  static let resolve = APIOperation(
    "resolveMerge",
    "Decide what becomes of the records of a merge",
    tag: administration,
    path: ["removed": .text(example: "A1234AA"), "kept": .text(example: "B1234BB")],
    body: Schemas.resolve,
    responses: [
      Response(200, "It is decided", Schemas.resolved), refused,
      Response(404, "No such merge waits", Schemas.error),
      Response(409, "The records are no longer as they were", Schemas.error),
    ]
  )

  static let unknownOutcomes = APIOperation(
    "getUnknownOutcomes",
    "Changes of which nobody knows whether prison API made them",
    tag: administration,
    responses: [Response(200, "Oldest first", .array(Schemas.unknownOutcome))]
  )
}
