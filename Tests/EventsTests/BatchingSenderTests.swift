import EventLoops
import Synchronization
import TestKit
import Testing

@testable import Events

@Suite("Messages that come together share a transaction")
struct BatchingSenderTests {
  @Test("what comes while a group is on its way goes in the next one, all of it, in order")
  func grouped() async throws {
    let groups = Mutex<[[Int]]>([])
    let gate = Gate()
    let sender = BatchingSender<Int>(loop: Loops.shared.loops[0]) { messages, _ throws(BrokerError) in
      groups.withLock { $0.append(messages) }
      await gate.wait()
    }
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await sender.send(0, deadline: .soon) }
      try await eventually("the first is on its way") { groups.withLock { $0.count } == 1 }
      for number in 1...50 {
        tasks.addTask { try await sender.send(number, deadline: .soon) }
      }
      try await eventually("all wait") { await sender.waitingCount == 50 }
      gate.open()
      try await tasks.waitForAll()
    }
    #expect(groups.withLock { $0.map(\.count) } == [1, 50])
    #expect(groups.withLock { Set($0[1]) } == Set(1...50))
  }

  @Test("a message that is never taken fails alone; a database that is away fails all of its group")
  func failures() async throws {
    let isAway = Mutex(false)
    let taken = Mutex<[Int]>([])
    let sender = BatchingSender<Int>(loop: Loops.shared.loops[0]) { messages, _ throws(BrokerError) in
      if isAway.withLock(\.self) { throw BrokerError(.unavailable, "away") }
      if messages.contains(13) { throw BrokerError(.refused, "13") }
      taken.withLock { $0 += messages }
    }
    func failed() async -> [BrokerError.Kind: Int] {
      await withTaskGroup(of: BrokerError.Kind?.self) { tasks in
        for number in 1...20 {
          tasks.addTask {
            do throws(BrokerError) {
              try await sender.send(number, deadline: .soon)
              return nil
            } catch {
              return error.kind
            }
          }
        }
        var kinds: [BrokerError.Kind: Int] = [:]
        for await case let kind? in tasks { kinds[kind, default: 0] += 1 }
        return kinds
      }
    }
    #expect(await failed() == [.refused: 1])
    #expect(taken.withLock { $0.sorted() } == (1...20).filter { $0 != 13 })
    isAway.withLock { $0 = true }
    #expect(await failed() == [.unavailable: 20])
  }

  @Test("what is published at the same time reaches every queue in few transactions")
  func fewTransactions() async throws {
    try await BrokerFixture.run { fixture in
      let topic = fixture.topic
      let ids = try await withThrowingTaskGroup(of: String.self) { tasks in
        for number in 0..<300 {
          tasks.addTask {
            try await topic.publish(OutgoingMessage(body: Array("\(number)".utf8)), deadline: .soon)
          }
        }
        return try await tasks.reduce(into: Set<String>()) { $0.insert($1) }
      }
      #expect(ids.count == 300)
      #expect(try await fixture.test.count("gateway_queue_message", where: "queue = 'audit'") == 300)
      let transactions = "(select distinct xmin::text from gateway_queue_message) t"
      #expect(try await fixture.test.count(transactions) < 150)
    }
  }
}
