/// Where the caller's task prefers to run: its event loop, if it has one. Work that is begun for it, but is no child of it,
/// goes there too, and so finds the connections of that loop.
public func preferredExecutor() -> (any TaskExecutor)? {
  withUnsafeCurrentTask { $0?.unownedTaskExecutor?.asTaskExecutor() }
}
