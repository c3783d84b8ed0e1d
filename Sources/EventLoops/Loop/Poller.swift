internal import CLinux

/// The epoll instance of one loop, and the eventfd by which other threads wake it.
///
/// Registrations are edge-triggered. Each carries a slot and a generation, so an event that the kernel delivered for
/// a descriptor closed in the same turn never reaches the descriptor's successor.
final class Poller {
  private struct Slot {
    var generation: UInt32 = 0
    var source: ReadinessSource?
  }

  private let epoll: Int32
  private let wakeUp: Int32
  private var slots: [Slot] = []
  private var freeSlots: [Int] = []
  private var events = [epoll_event](repeating: epoll_event(), count: 256)
  /// How many of `events` the last wait filled and nobody has been told of yet.
  private var undelivered = 0
  private static let wakeToken = UInt64.max

  /// Registered descriptors, the eventfd not counted.
  var registrations: Int { slots.count - freeSlots.count }

  init() throws(SystemError) {
    epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
    guard epoll >= 0 else { throw .last("epoll_create1") }
    wakeUp = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
    guard wakeUp >= 0 else {
      let error = SystemError.last("eventfd")
      close(epoll)
      throw error
    }
    var event = epoll_event(events: EPOLLIN.rawValue, data: epoll_data(u64: Self.wakeToken))
    guard epoll_ctl(epoll, EPOLL_CTL_ADD, wakeUp, &event) == 0 else {
      let error = SystemError.last("epoll_ctl")
      close(epoll)
      close(wakeUp)
      throw error
    }
  }

  deinit {
    close(wakeUp)
    close(epoll)
  }

  /// Ends the current or next wait. Safe from any thread: it only writes to the eventfd.
  func wake() {
    var one: UInt64 = 1
    _ = write(wakeUp, &one, 8)
  }

  func add(_ source: ReadinessSource, fileDescriptor: Int32, events mask: UInt32) throws(SystemError)
    -> UInt64
  {
    let index: Int
    if let free = freeSlots.popLast() {
      index = free
    } else {
      index = slots.count
      slots.append(Slot())
    }
    let token = UInt64(slots[index].generation) << 32 | UInt64(UInt32(truncatingIfNeeded: index))
    var event = epoll_event(events: mask, data: epoll_data(u64: token))
    guard epoll_ctl(epoll, EPOLL_CTL_ADD, fileDescriptor, &event) == 0 else {
      freeSlots.append(index)
      throw .last("epoll_ctl")
    }
    slots[index].source = source
    return token
  }

  func remove(token: UInt64, fileDescriptor: Int32) {
    let index = Int(truncatingIfNeeded: token & 0xFFFF_FFFF)
    guard index < slots.count, slots[index].source != nil,
      slots[index].generation == UInt32(truncatingIfNeeded: token >> 32)
    else { return }
    slots[index].source = nil
    slots[index].generation = (slots[index].generation &+ 1) & 0x7FFF_FFFF
    freeSlots.append(index)
    var event = epoll_event()
    epoll_ctl(epoll, EPOLL_CTL_DEL, fileDescriptor, &event)
  }

  /// Lets go of all sources: their loop has ended.
  func forgetSources() {
    slots = []
    freeSlots = []
    undelivered = 0
  }

  /// Waits up to `milliseconds` (-1: for ever) for descriptors to become ready.
  func wait(for milliseconds: Int32) {
    undelivered = max(0, Int(epoll_wait(epoll, &events, Int32(events.count), milliseconds)))
  }

  /// Tells each source that the last wait found ready.
  func deliver() {
    let count = undelivered
    undelivered = 0
    for position in 0..<count {
      let token = events[position].data.u64
      let ready = events[position].events
      if token == Self.wakeToken {
        var drained: UInt64 = 0
        _ = read(wakeUp, &drained, 8)
        continue
      }
      let slot = slots[Int(truncatingIfNeeded: token & 0xFFFF_FFFF)]
      guard slot.generation == UInt32(truncatingIfNeeded: token >> 32), let source = slot.source else {
        continue
      }
      source.deliver(Readiness(epollEvents: ready))
    }
  }
}
