public import Time

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
  /// What the module holds about the person.
  /// - Parameter deadline: when the answer must be there; waits for others take the earlier of their own deadline and
  ///   this.
  /// - Throws: what the module's requests throw: the caller gets its error.
  func content(
    for request: SubjectAccessRequest,
    deadline: MonotonicInstant
  ) async throws -> SubjectAccessContent
}
