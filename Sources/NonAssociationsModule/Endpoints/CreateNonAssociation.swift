import HTTPTypes
internal import JSON
import ModuleKit
import ServiceKit
import SharedAuth
internal import Text
internal import Time

extension NonAssociationsModule {
  static let create = Endpoint(
    .post,
    "/non-associations",
    .write,
    .described("createNonAssociation", "Keep two prisoners apart"),
    takes: .path(.none, body: CreateRequest.self),
    answer: .object(NonAssociation.Shape.self, "The non-association is created", status: .created) {
      $0.jsonSize
    },
    refusals: [.noUserInContext, .userNameTooLong, .openPairExists, .missingPrisoners, .nullLocations]
  ) { module, call in
    try await module.create(call.body.given, by: call.caller, before: call.deadline)
  }

  /// The check for an open pair spares prisoner search a call; between two callers the insert decides, under the pair's
  /// lock, and the unique index (docs/contract/non-associations.md §7.2).
  func create(
    _ given: NonAssociation.Given,
    by caller: Principal,
    before deadline: MonotonicInstant
  ) async throws -> NonAssociation {
    let author = try Author.name(nil, caller)
    let (first, second) = (given.first.prisonerNumber, given.second.prisonerNumber)
    let taken = NonAssociationsError.openPairExists(first: first, second: second)
    guard try await !store.openPairExists(first, second, deadline: deadline) else { throw taken }
    let prisoners = try await prisonerSearch.prisoners([first, second], deadline: deadline)
    let unplaced = [first, second].filter { prisoners[ByteText($0)]?.prisonID == nil }
    guard unplaced.isEmpty else { throw NonAssociationsError.nullLocations(unplaced) }

    let change = Change(kind: .created, at: clock.now(), by: caller.name)
    var new = NonAssociation(given, by: author, at: change.at)
    new = try await OpenPair.guarded(by: taken) {
      try await changes.commit(before: deadline) { unit in
        var created = new
        guard let id = try await store.insert(new, change, in: unit) else { throw taken }
        created.id = id
        unit.tell(messages.changed(created, by: change))
        return created
      }
    }
    report("Created", new.id)
    telemetry.track(.created(new))
    return new
  }
}

/// The body of a create.
struct CreateRequest: ObjectBody {
  static let schemaName = "CreateNonAssociationRequest"

  let given: NonAssociation.Given

  init(_ body: inout BodyFields) throws(JSONObjectError) {
    given = try NonAssociation.Given(&body, else: nil)
  }
}

extension NonAssociation {
  /// A new one, which is open.
  fileprivate init(_ given: Given, by author: String, at now: Timestamp) {
    self.init(
      id: 0,
      given: given,
      whenCreated: now,
      whenUpdated: now,
      authorisedBy: author,
      updatedBy: author
    )
  }
}
