/// Carries something that belongs to an event loop through other threads back to it.
///
/// `@unchecked Sendable`: `value` is read on its own loop only; other threads hold the reference and no more, and what
/// is carried does nothing loop-bound in its `deinit`.
final class LoopBound<Value>: @unchecked Sendable {
  let value: Value

  init(_ value: Value) { self.value = value }
}
