internal import CLinux
internal import Dispatch
internal import Synchronization

/// Memory that has been freed, and that the allocator keeps for later.
public enum FreedMemory {
  private static let queue = DispatchQueue(label: "memory", qos: .utility)
  private static let isDue = Mutex(false)
  private static let isOurs = Atomic<Bool>(false)

  /// Says that the process's memory is the server's to give back: it is not where a server is a guest, in a test.
  public static func own() { isOurs.store(true, ordering: .relaxed) }

  /// Gives it back to the system in a moment, on a thread of its own, once however often it is asked for until then:
  /// who allocates meanwhile has to wait.
  public static func giveBack() {
    guard isOurs.load(ordering: .relaxed) else { return }
    let isFirst = isDue.withLock { isDue in
      defer { isDue = true }
      return !isDue
    }
    guard isFirst else { return }
    queue.asyncAfter(deadline: .now() + .seconds(3)) {
      isDue.withLock { $0 = false }
      gateway_give_memory_back()
    }
  }
}
