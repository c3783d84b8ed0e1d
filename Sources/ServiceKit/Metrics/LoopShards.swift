internal import EventLoops
internal import Synchronization

/// A state kept once for each event loop, so that loops which count do not wait for each other: a lock that nobody else
/// wants costs two atomic operations.
final class LoopShards<State: Sendable>: Sendable {
  private final class Shard: Sendable {
    let state: Mutex<State>
    init(_ state: State) { self.state = Mutex(state) }
  }

  private let shards: [Shard]

  /// - Parameter count: as many as there are loops; more loops share.
  init(count: Int, _ initial: State) { shards = (0..<max(1, count)).map { _ in Shard(initial) } }

  /// Changes the state of the loop that the caller runs on.
  func update<Value>(_ body: (inout State) -> Value) -> Value {
    let index = (EventLoop.current?.index ?? 0) % shards.count
    return shards[index].state.withLock { body(&$0) }
  }

  /// The states of all loops.
  var states: [State] { shards.map { $0.state.withLock { $0 } } }
}
