import ServiceKit
import SharedAuth

extension NonAssociationsModule {
  typealias Endpoint = ServiceKit.Endpoint<NonAssociationsModule>

  /// Every endpoint, in the order of docs/contract/non-associations.md §7.
  static let endpoints: [Endpoint] = [
    listOfPrisoner,
    create,
    page,
    between,
    involving,
    permissions,
    read,
    history,
    patch,
    close,
    reopen,
    delete,
    readLegacy,
    constants,
  ]
}

extension EndpointAccess<NonAssociationsModule> {
  static let read = Self.rule(.requires(role: "READ_NON_ASSOCIATIONS"))
  static let readHistory = Self.rule(.requires(role: "READ_NON_ASSOCIATIONS_HISTORY"))
  static let write = Self.rule(.requires(role: "WRITE_NON_ASSOCIATIONS", scope: "write"))
  static let reopen = Self.rule(.requires(role: "REOPEN_NON_ASSOCIATIONS", scope: "write"))
  static let delete = Self.rule(.requires(role: "DELETE_NON_ASSOCIATIONS", scope: "write"))
  static let synchronise = Self.rule(.requires(role: "NON_ASSOCIATIONS_SYNC"))
}

extension Endpoint<NonAssociationsModule>.Description {
  static func described(_ id: String, _ summary: String, _ details: String? = nil) -> Self {
    Self(id, summary, details, tag: "Non-Associations")
  }

}

extension RequestPath<Int64> {
  /// The id of a non-association.
  static let id = Self.integer("id", .integer(example: 1))
}

extension EndpointAnswer<NonAssociation> {
  static func nonAssociation(_ summary: String) -> Self {
    .object(NonAssociation.Shape.self, summary) { $0.jsonSize }
  }
}
