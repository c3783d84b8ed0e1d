/// Names one session of a pool; never given twice.
package struct SessionNumber: Hashable, Sendable {
  /// From 1.
  package let value: UInt32

  /// - Parameter value: another one for each session of a process.
  package init(_ value: UInt32) { self.value = value }
}
