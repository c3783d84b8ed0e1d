/// Suspends the caller until `begin`'s continuation is resumed, and runs `onCancel` if its task is cancelled before.
///
/// Use it instead of `withTaskCancellationHandler` around `withUnsafeContinuation`: a closure that does not capture the
/// isolation itself is run by the former on the global executor, off the caller's loop.
/// - Parameters:
///   - begin: called at once, in the caller's isolation. A task that is cancelled already also comes here.
///   - onCancel: called at any time from any thread; it may run before or after the continuation was resumed.
@inlinable
public func withCancellableContinuation<Value: Sendable>(
  isolation: isolated (any Actor)? = #isolation,
  _ begin: (UnsafeContinuation<Value, Never>) -> Void,
  onCancel: @Sendable () -> Void
) async -> Value {
  await withTaskCancellationHandler {
    _ = isolation
    return await withUnsafeContinuation { begin($0) }
  } onCancel: {
    onCancel()
  }
}
