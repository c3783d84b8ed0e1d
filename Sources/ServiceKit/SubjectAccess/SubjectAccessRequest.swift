public import Time

/// Whose data is asked for, and of which days (docs/contract/platform.md §6).
public struct SubjectAccessRequest: Equatable, Sendable {
  /// The prison number, as it was sent.
  public let prisonerNumber: String
  /// The first day, inclusive; nil for no limit.
  public let from: CivilDate?
  /// The last day, inclusive; nil for no limit.
  public let to: CivilDate?

  /// - Parameters:
  ///   - prisonerNumber: as it was sent; its form is not checked.
  ///   - from: the first day, inclusive; nil for no limit.
  ///   - to: the last day, inclusive; nil for no limit.
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
