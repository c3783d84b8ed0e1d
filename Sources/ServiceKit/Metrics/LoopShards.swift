public import EventLoops
public import Synchronization

/// A state kept once for each event loop, so that loops do not contend: an uncontended lock costs two atomic
/// operations.
@usableFromInline final class LoopShards<State: Sendable>: Sendable {
  @usableFromInline final class Shard: Sendable {
    @usableFromInline let state: Mutex<State>
    init(_ state: State) { self.state = Mutex(state) }
  }

  @usableFromInline let shards: [Shard]

  /// - Parameter count: as many as there are loops; more loops share.
  init(count: Int, _ initial: State) { shards = (0..<max(1, count)).map { _ in Shard(initial) } }

  /// Changes the state of the loop that the caller runs on.
  @inlinable func update<Value>(_ body: (inout State) -> Value) -> Value {
    let index = (EventLoop.current?.index ?? 0) % shards.count
    return shards[index].state.withLock { body(&$0) }
  }

  /// The states of all loops.
  var states: [State] { shards.map { $0.state.withLock { $0 } } }
}
