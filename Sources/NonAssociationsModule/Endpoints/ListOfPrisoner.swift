import HTTPTypes
import ServiceKit
internal import Text
internal import Time

extension NonAssociationsModule {
  static let listOfPrisoner = Endpoint(
    .get,
    "/prisoner/{prisonerNumber}/non-associations",
    .read,
    .described("getPrisonerNonAssociations", "The non-associations of a prisoner"),
    takes: .path(.text("prisonerNumber", PrisonerNumber.formedSchema), query: ListOptions.self),
    answer: .object(PrisonerNonAssociations.Shape.self, "The prisoner and the list") { $0.jsonSize },
    refusals: [.neitherOpenNorClosed, .malformedPrisonerNumber, .missingPrisoners]
  ) { module, call in
    guard PrisonerNumber.isWellFormed(call.path) else {
      throw NonAssociationsError.malformedPrisonerNumber(PrisonerNumber.formatMessage)
    }
    return try await module.nonAssociations(of: call.path, call.query, before: call.deadline)
  }

  /// Everybody in the prisoner's rows must be known to prisoner search, even those of rows that are not listed
  /// (docs/contract/non-associations.md §7.1).
  func nonAssociations(
    of prisonerNumber: String,
    _ options: ListOptions,
    before deadline: MonotonicInstant
  ) async throws -> PrisonerNonAssociations {
    guard options.includeOpen || options.includeClosed else {
      throw NonAssociationsError.neitherOpenNorClosed
    }
    let rows = try await store.list(prisonerNumber: prisonerNumber, deadline: deadline)
    let numbers = [prisonerNumber] + rows.map { $0.sides(of: prisonerNumber).other.prisonerNumber }
    let prisoners = try await prisonerSearch.prisoners(numbers, deadline: deadline)
    guard let prisoner = prisoners[ByteText(prisonerNumber)],
      let list = PrisonerNonAssociations(of: prisoner, rows: rows, prisoners: prisoners, options: options)
    else { throw NonAssociationsError.missingPrisoners([prisonerNumber]) }
    return list
  }
}

extension ListOptions: RequestQuery {
  init(_ query: inout QueryFields) throws {
    includeOpen = try query.includeOpen()
    includeClosed = try query.includeClosed()
    includeOtherPrisons = try query.boolean(
      "includeOtherPrisons",
      default: false,
      "Whether non-associations are listed whose other prisoner is in another prison"
    )
    sortBy =
      try query.choice("sortBy", "What the list is sorted by", default: .whenCreated) ?? .whenCreated
    sortDirection = try query.choice(
      "sortDirection",
      "The direction of the sort; if left out, descending for times and ascending for all else",
      default: .descending
    )
  }
}

extension QueryFields {
  mutating func includeOpen() throws(PlatformFailure) -> Bool {
    try boolean("includeOpen", default: true, "Whether open non-associations are listed")
  }

  mutating func includeClosed() throws(PlatformFailure) -> Bool {
    try boolean("includeClosed", default: false, "Whether closed non-associations are listed")
  }
}
