import HTTPTypes
internal import JSON
import ServiceKit
internal import Text
internal import Time

extension NonAssociationsModule {
  private static let details =
    "Any number of prisoner numbers fits one request. One that comes again, or is empty, does not count."

  static let between = Endpoint(
    .post,
    "/non-associations/between",
    .read,
    .described(
      "getNonAssociationsBetweenPrisoners",
      "Non-associations between the prisoners of a list",
      details
    ),
    takes: .path(.none, query: AmongPrisoners.self, body: PrisonersBetween.self),
    answer: .array(of: NonAssociation.Shape.self, "The non-associations, by id"),
    refusals: [.tooFewPrisonersBetween, .neitherOpenNorClosed, .missingPrisoners]
  ) { module, call in
    try await module.list(.between, call.body.numbers, call.query, before: call.deadline)
  }

  static let involving = Endpoint(
    .post,
    "/non-associations/involving",
    .read,
    .described(
      "getNonAssociationsInvolvingPrisoners",
      "Non-associations that involve a prisoner of a list",
      details
    ),
    takes: .path(.none, query: AmongPrisoners.self, body: PrisonersInvolved.self),
    answer: .array(of: NonAssociation.Shape.self, "The non-associations, by id"),
    refusals: [.noPrisonersInvolved, .neitherOpenNorClosed, .missingPrisoners]
  ) { module, call in
    try await module.list(.involving, call.body.numbers, call.query, before: call.deadline)
  }

  /// See docs/contract/non-associations.md §7.5 and 7.6.
  private func list(
    _ involvement: NonAssociationsStore.Involvement,
    _ numbers: Set<ByteText>,
    _ query: AmongPrisoners,
    before deadline: MonotonicInstant
  ) async throws -> [NonAssociation] {
    switch involvement {
    case .between: guard numbers.count >= 2 else { throw NonAssociationsError.tooFewPrisonersBetween }
    case .involving: guard !numbers.isEmpty else { throw NonAssociationsError.noPrisonersInvolved }
    }
    try query.filter.check()
    let rows = try await store.list(involvement, numbers.map(\.text), query.filter, deadline: deadline)
    guard let prisonID = query.prisonID else { return rows }
    let people = rows.flatMap { [$0.first.prisonerNumber, $0.second.prisonerNumber] }
    let prisoners = try await prisonerSearch.prisoners(people, deadline: deadline)
    return rows.filter { row in
      [row.first, row.second].allSatisfy {
        prisoners[ByteText($0.prisonerNumber)]?.prisonID?.hasSameBytes(as: prisonID) ?? false
      }
    }
  }
}

/// The prisoners whose non-associations with each other are wanted.
struct PrisonersBetween: RequestBody {
  static let schema = PrisonerNumbers.schema(minimum: 2)
  static let consumes = RouteDeclaration.Consumes.optionalJSON

  let numbers: Set<ByteText>

  init(json: JSONValue?) throws { numbers = try PrisonerNumbers.distinct(json) }
}

/// The prisoners whose non-associations are wanted.
struct PrisonersInvolved: RequestBody {
  static let schema = PrisonerNumbers.schema(minimum: 1)
  static let consumes = RouteDeclaration.Consumes.optionalJSON

  let numbers: Set<ByteText>

  init(json: JSONValue?) throws { numbers = try PrisonerNumbers.distinct(json) }
}

/// A body that is a list of prisoner numbers.
private enum PrisonerNumbers {
  static func schema(minimum: Int) -> APISchema {
    .array(
      .text("A prisoner number; one that is malformed finds nothing", example: "A1234BC"),
      minimumItems: minimum,
      isUnique: true
    )
  }

  /// Empty texts do not count, and several of one count once. No body at all, and null, are a list of nobody.
  static func distinct(_ json: JSONValue?) throws -> Set<ByteText> {
    let json = json ?? .null
    let numbers = json == .null ? [] : try JSONObject.texts(json, "the body")
    return Set(numbers.filter { !$0.isEmpty }.map { ByteText($0) })
  }
}
