public import Time

/// Whose data is asked for, and of which days (`platform.md` §6).
public struct SubjectAccessRequest: Equatable, Sendable {
  /// The prison number, as it was sent.
  public let prisonerNumber: String
  /// The first day, inclusive; nil for no limit.
  public let from: CivilDate?
  /// The last day, inclusive; nil for no limit.
  public let to: CivilDate?

  public init(prisonerNumber: String, from: CivilDate? = nil, to: CivilDate? = nil) {
    self.prisonerNumber = prisonerNumber
    self.from = from
    self.to = to
  }

  /// Whether a record of this day is asked for.
  public func includes(_ day: CivilDate) -> Bool {
    (from.map { $0 <= day } ?? true) && (to.map { day <= $0 } ?? true)
  }
}

/// What a module has to tell about a person.
public enum SubjectAccessContent: Equatable, Sendable {
  /// A JSON document.
  case document([UInt8])
  /// The person is known, and there is nothing to tell of the days asked for.
  case nothing
  /// There is no such person, as far as the module can tell.
  case notRecognised
  /// The module holds nothing about the person, and does not know whether they exist.
  case unheldUnverified
}

/// Where a module's part of an answer to a subject access request comes from.
public protocol SubjectAccessSource: Sendable {
  func content(
    for request: SubjectAccessRequest,
    deadline: MonotonicInstant
  ) async throws -> SubjectAccessContent
}
