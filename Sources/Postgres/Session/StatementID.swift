/// Names one statement on its way from its caller to its answer. Never given twice, so that a late answer cannot be
/// taken for another statement's.
package struct StatementID: Hashable, Sendable {
  /// Given again after the statement has ended.
  package let slot: UInt32
  /// Which statement of the slot it is.
  package let generation: UInt32

  /// - Parameters: as the properties.
  package init(_ slot: UInt32, generation: UInt32 = 0) {
    self.slot = slot
    self.generation = generation
  }

  /// A session's first statement, which is no caller's.
  package static let setUp = StatementID(.max)
}
