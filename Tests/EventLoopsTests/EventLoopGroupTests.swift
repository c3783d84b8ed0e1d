import Foundation
import Synchronization
import TestKit
import Testing
import Time

@testable import EventLoops

@Suite("EventLoopGroup")
struct EventLoopGroupTests {
  @Test("has a loop for each core by default, and at least one")
  func count() throws {
    let group = try EventLoopGroup()
    #expect(group.loops.count >= 1)
    #expect(group.loops.count <= ProcessInfo.processInfo.processorCount)
    #expect(group.loops.map(\.index) == Array(group.loops.indices))
    group.shutdown()
    let small = try EventLoopGroup(count: -3)
    #expect(small.loops.count == 1)
    small.shutdown()
  }

  @Test("hands out its loops in turn")
  func turns() {
    let picked = (0..<4).map { _ in Loops.group.any().index }
    #expect(Set(picked) == [0, 1])
  }

  @Test("after shutdown none of its threads is left, a second shutdown does nothing, and late work is let go")
  func shutdown() async throws {
    let group = try EventLoopGroup(count: 3)
    var threads: [String] = []
    for loop in group.loops {
      threads.append(
        try await onLoop(loop) {
          try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/thread-self")
        }
      )
    }
    #expect(Set(threads).count == 3)
    for thread in threads {
      #expect(FileManager.default.fileExists(atPath: "/proc/\(thread)"))
      let name = try String(contentsOfFile: "/proc/\(thread)/comm", encoding: .utf8)
      #expect(name.hasPrefix("loop-"))
    }
    group.shutdown()
    group.shutdown()
    let ended = threads
    try await eventually("the threads have ended") {
      !ended.contains { FileManager.default.fileExists(atPath: "/proc/\($0)") }
    }
    let ran = Flag()
    group.loops[0].execute { ran.set() }
    #expect(!ran.isSet)
  }

  @Test("a loop that wakes for other work in the moment it is told to end does end")
  func endWhileWaking() async throws {
    let rounds = 20_000
    let ended = Mutex(0)
    // On a thread of its own: where it hangs, only this test is held up.
    BlockingThreads("shutdowns", maximum: 1).run {
      for round in 0..<rounds {
        guard let group = try? EventLoopGroup(count: 1) else { return }
        group.loops[0].execute {}
        // Sooner or later the loop's thread is just past its wait.
        let told = MonotonicInstant.now() + .nanoseconds(round % 400 * 250)
        while MonotonicInstant.now() < told {}
        group.shutdown()
        ended.withLock { $0 += 1 }
      }
    }
    // A deadline for each, whatever all of them take.
    var last = 0
    while last < rounds {
      let seen = last
      try await eventually("group \(seen) has ended") { ended.withLock { $0 > seen } }
      last = ended.withLock { $0 }
    }
  }

  @Test("a loop that ended with a listener, a timer and a watched socket on it goes, and its sockets with it")
  func nothingIsKept() async throws {
    weak var loop: EventLoop?
    var port: UInt16 = 0
    do {
      let group = try EventLoopGroup(count: 1)
      let bound = group.loops[0]
      loop = bound
      let server = TestServer(on: bound)
      port = try await server.listen { _ in }
      try await onLoop(bound) { _ = bound.schedule(after: .seconds(3600)) { _ = bound.index } }
      let target = port
      let stream = try await onLoop(bound) {
        let stream = try await ByteStream.connect(host: "127.0.0.1", port: target, deadline: .late)
        #expect(try await stream.receive(deadline: .late) == 0)
        return Parcel(stream)
      }
      group.shutdown()
      _ = stream.open()
    }
    let watched = port
    try await eventually("no socket is left open") { try openSockets(port: watched) == 0 }
    #expect(loop == nil)
  }
}
