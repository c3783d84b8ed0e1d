internal import CLinux
internal import Synchronization

/// The event loops of a process, one thread each. They must outlive everything that runs on them, and run until
/// `shutdown()`, even if the group is released before.
public final class EventLoopGroup: Sendable {
  public let loops: [EventLoop]
  private let next = Atomic<Int>(0)

  /// Starts `count` loops.
  /// - Parameter count: at least 1; nil means one for each core this process may use, of those that its affinity and its
  ///   control group's quota of processor time leave, a part of a core counting as one.
  /// - Throws: `SystemError` when the system refuses a thread, an epoll instance or an eventfd.
  public init(count: Int? = nil) throws(SystemError) {
    let wanted = max(1, count ?? ControlGroup.current.threads(available: Int(gateway_usable_cores())))
    var loops: [EventLoop] = []
    do throws(SystemError) {
      for index in 0..<wanted {
        let loop = try EventLoop(index: index)
        try loop.start()
        loops.append(loop)
      }
    } catch {
      for loop in loops { loop.stopAndJoin() }
      throw error
    }
    self.loops = loops
  }

  /// The loops in turn, for work that may run on any of them.
  public func any() -> EventLoop {
    let turn = next.wrappingAdd(1, ordering: .relaxed).oldValue
    return loops[Int(UInt(bitPattern: turn) % UInt(loops.count))]
  }

  /// Ends all threads and waits for them. Call it last, from outside the loops. Repeated calls do nothing.
  public func shutdown() {
    for loop in loops { loop.stopAndJoin() }
  }
}
