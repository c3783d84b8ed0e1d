import CLinux
import EventLoops
import TestKit
import Testing
import Time

@Suite("ByteStream")
struct StreamTests {
  private func connect(_ port: UInt16) async throws(StreamError) -> ByteStream {
    try await ByteStream.connect(host: "127.0.0.1", port: port, deadline: .late)
  }

  @Test("what is sent comes back from an echo, in order, over one connection and over many")
  func echo() async throws {
    let server = TestServer()
    let port = try await server.listen { stream throws(StreamError) in try await stream.echo() }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<50 {
        group.addTask {
          try await onLoop(Loops.group.any()) {
            let stream = try await ByteStream.connect(host: "127.0.0.1", port: port, deadline: .late)
            for turn in 0..<20 {
              let text = "connection \(number), turn \(turn)"
              try await stream.say(text)
              #expect(try await stream.hear(text.utf8.count) == text)
            }
            stream.close()
          }
        }
      }
      try await group.waitForAll()
    }
    await server.stop()
    try await eventually("no socket is left open") { try openSockets(port: port) == 0 }
  }

  @Test("both ends know each other's address")
  func addresses() async throws {
    let server = TestServer()
    let seen = Mailbox<String>()
    let port = try await server.listen { stream throws(StreamError) in
      seen.put(stream.remoteAddress?.host ?? "none")
      _ = try await stream.receive(deadline: .late)
    }
    try await onLoop {
      let stream = try await self.connect(port)
      #expect(stream.remoteAddress?.description == "127.0.0.1:\(port)")
      #expect(stream.tlsVersion == nil)
      #expect(!stream.isTLSSessionResumed)
    }
    #expect(try await seen.take() == "127.0.0.1")
    await server.stop()
  }

  @Test("a writer waits while the reader does not read, and 50 MB then arrive unharmed")
  func backPressure() async throws {
    let total = 50_000_000
    let server = TestServer()
    let mayRead = Mailbox<Void>()
    let received = Mailbox<Int>()
    let port = try await server.listen { stream throws(StreamError) in
      guard (try? await mayRead.take()) != nil else { return }
      received.put(try await stream.receive(pattern: total))
    }
    try await onLoop {
      let stream = try await self.connect(port)
      stream.outbound.append(contentsOf: Pattern.array(total))
      let error = await failure { () throws(StreamError) in
        try await stream.flush(deadline: .now() + .milliseconds(200))
      }
      #expect(error == .timedOut)
      #expect(stream.outbound.count > total / 4, "the kernel's own buffers took more than they can hold")
      mayRead.put()
      try await stream.flush(deadline: .late)
      #expect(stream.outbound.isEmpty)
    }
    #expect(try await received.take() == total)
    await server.stop()
  }

  @Test("after one side has finished writing, the other still answers")
  func halfClose() async throws {
    let server = TestServer()
    let port = try await server.listen { stream throws(StreamError) in
      var heard = ""
      while try await stream.receive(deadline: .late) > 0 {
        heard += try await stream.hear(stream.inbound.count)
      }
      try await stream.say("heard \(heard)")
    }
    try await onLoop {
      let stream = try await self.connect(port)
      let hangUps = HangUps(of: stream)
      try await stream.say("all there is")
      stream.finishWriting()
      #expect(try await stream.hear(18) == "heard all there is")
      #expect(try await stream.receive(deadline: .late) == 0)
      #expect(try await stream.receive(deadline: .late) == 0)
      #expect(hangUps.count == 0, "an end in order is no hang-up")
    }
    await server.stop()
  }

  @Test("bytes and end that come before anyone reads are read, and the end is an end each time")
  func endBehindBytes() async throws {
    let server = TestServer()
    let maySpeak = Mailbox<Void>()
    let port = try await server.listen { stream throws(StreamError) in
      guard (try? await maySpeak.take()) != nil else { return }
      try await stream.say("last words")
    }
    try await onLoop {
      let stream = try await self.connect(port)
      try await Self.input(of: stream) { maySpeak.put() }
      #expect(try await stream.hear(10) == "last words")
      for _ in 0..<3 { #expect(try await stream.receive(deadline: .late) == 0) }
      #expect(stream.receivedBytes == 10)
    }
    await server.stop()
  }

  /// Waits until there is something to read that `cause` brings about, without reading it.
  private static func input(of stream: ByteStream, _ cause: () -> Void) async throws {
    let came = Mailbox<Void>()
    stream.onInput = { came.put() }
    cause()
    try await came.take()
    stream.onInput = nil
  }

  @Test("a small limit reads all the same, piece by piece", arguments: [1, 7, 0, -5])
  func smallLimit(limit: Int) async throws {
    let server = TestServer()
    let port = try await server.listen { stream throws(StreamError) in try await stream.say("0123456789") }
    try await onLoop {
      let stream = try await self.connect(port)
      while try await stream.receive(limit: limit, deadline: .late) > 0 {}
      #expect(stream.inbound.count == 10)
    }
    await server.stop()
  }

  @Test("receiving without waiting says nil, bytes, then the end")
  func receiveWithoutWaiting() async throws {
    let server = TestServer()
    let goOn = Mailbox<Void>()
    let port = try await server.listen { stream throws(StreamError) in
      guard (try? await goOn.take()) != nil else { return }
      try await stream.say("now")
    }
    try await onLoop {
      let stream = try await self.connect(port)
      #expect(try stream.receiveWithoutWaiting() == nil)
      try await Self.input(of: stream) { goOn.put() }
      #expect(try stream.receiveWithoutWaiting() == 3)
      #expect(try await stream.receive(deadline: .late) == 0)
      #expect(try stream.receiveWithoutWaiting() == 0)
    }
    await server.stop()
  }

  @Test("sending without waiting keeps what the socket does not take")
  func flushWithoutWaiting() async throws {
    let server = TestServer()
    let total = 30_000_000
    let mayRead = Mailbox<Void>()
    let received = Mailbox<Int>()
    let port = try await server.listen { stream throws(StreamError) in
      guard (try? await mayRead.take()) != nil else { return }
      received.put(try await stream.receive(pattern: total))
    }
    try await onLoop {
      let stream = try await self.connect(port)
      stream.outbound.append(contentsOf: Pattern.array(total))
      stream.flushWithoutWaiting()
      #expect(stream.outbound.count > 0)
      #expect(stream.outbound.count < total)
      mayRead.put()
      try await stream.flush(deadline: .late)
    }
    #expect(try await received.take() == total)
    await server.stop()
  }

  @Test("a reset is told to the owner of an idle stream once, and to the next reader")
  func resetWhileIdle() async throws {
    let server = TestServer()
    let hungUp = Mailbox<Int>()
    let error = Mailbox<StreamError?>()
    let port = try await server.listen { stream throws(StreamError) in
      let hangUps = HangUps(of: stream, tell: hungUp)
      guard (try? await hungUp.take()) == 1 else { return }
      error.put(await failure { () throws(StreamError) in _ = try await stream.receive(deadline: .late) })
      error.put(await failure { () throws(StreamError) in _ = try await stream.receive(deadline: .late) })
      #expect(hangUps.count == 1)
    }
    let socket = try RawSocket()
    #expect(socket.connect(port: port) == 0)
    try socket.reset()
    #expect(try await error.take() == .reset)
    #expect(try await error.take() == .reset, "a broken connection must never look like one that ended")
    await server.stop()
  }

  @Test("a reset ends a wait, and what came before it can be read")
  func resetWhileWaiting() async throws {
    let server = TestServer()
    let error = Mailbox<StreamError?>()
    let heard = Mailbox<String>()
    let port = try await server.listen { stream throws(StreamError) in
      heard.put(try await stream.hear(5))
      error.put(await failure { () throws(StreamError) in _ = try await stream.receive(deadline: .late) })
    }
    let socket = try RawSocket()
    #expect(socket.connect(port: port) == 0)
    try socket.send("hello")
    #expect(try await heard.take() == "hello")
    try socket.reset()
    #expect(try await error.take() == .reset)
    await server.stop()
  }

  @Test("a reset that a writer met is a reset to the reader too, not an end")
  func resetMetByWriter() async throws {
    let server = TestServer()
    let outcome = Mailbox<[StreamError?]>()
    let hungUp = Mailbox<Int>()
    let port = try await server.listen { stream throws(StreamError) in
      let hangUps = HangUps(of: stream, tell: hungUp)
      guard (try? await hungUp.take()) == hangUps.count else { return }
      let writing = await failure { () throws(StreamError) in try await stream.say("too late") }
      let reading = await failure { () throws(StreamError) in _ = try await stream.receive(deadline: .late) }
      outcome.put([writing, reading])
    }
    let socket = try RawSocket()
    #expect(socket.connect(port: port) == 0)
    try socket.reset()
    #expect(try await outcome.take() == [.reset, .reset])
    await server.stop()
  }

  @Test("a wait ends at its deadline, one already past ends at once, and the stream serves on")
  func deadlines() async throws {
    let server = TestServer()
    let port = try await server.listen { stream throws(StreamError) in try await stream.echo() }
    try await onLoop {
      let stream = try await self.connect(port)
      for deadline in [MonotonicInstant(nanoseconds: 0), .now(), .now() + .milliseconds(20)] {
        let error = await failure { () throws(StreamError) in _ = try await stream.receive(deadline: deadline)
        }
        #expect(error == .timedOut)
        #expect(MonotonicInstant.now() >= deadline)
      }
      try await stream.say("still here")
      #expect(try await stream.hear(10) == "still here")
    }
    await server.stop()
  }

  @Test("using a closed stream fails, closing it again does nothing")
  func closed() async throws {
    let server = TestServer()
    let port = try await server.listen { stream throws(StreamError) in
      _ = try await stream.receive(deadline: .late)
    }
    try await onLoop {
      let stream = try await self.connect(port)
      stream.close()
      stream.close()
      stream.finishWriting()
      #expect(stream.isClosed)
      stream.outbound.append("x")
      #expect(
        await failure { () throws(StreamError) in _ = try await stream.receive(deadline: .late) } == .closed
      )
      #expect(await failure { () throws(StreamError) in try await stream.flush(deadline: .late) } == .closed)
      stream.flushWithoutWaiting()
    }
    await server.stop()
  }

  @Test("an idle stream holds little memory, even after a large message each way")
  func idleMemory() async throws {
    let server = TestServer()
    let port = try await server.listen { stream throws(StreamError) in try await stream.echo() }
    let held = try await onLoop {
      let stream = try await self.connect(port)
      let text = String(repeating: "x", count: 30_000)
      try await stream.say(text)
      #expect(try await stream.hear(30_000) == text)
      _ = await failure { () throws(StreamError) in _ = try await stream.receive(deadline: .now()) }
      return stream.inbound.capacity + stream.outbound.capacity
    }
    #expect(held <= 8192)
    await server.stop()
  }
}

/// Counts the hang-ups of a stream.
final class HangUps {
  private(set) var count = 0

  init(of stream: ByteStream, tell mailbox: Mailbox<Int>? = nil) {
    stream.onHangUp = { [unowned self] in
      count += 1
      mailbox?.put(count)
    }
  }
}
