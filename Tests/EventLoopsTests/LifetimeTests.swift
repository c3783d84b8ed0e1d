import Dispatch
import EventLoops
import TestKit
import Testing

@Suite("Lifetime")
struct LifetimeTests {
  @Test("a stream whose last reference goes on another thread is closed, even while bytes come in")
  func streamGoesElsewhere() async throws {
    let server = TestServer()
    let port = try await server.listen { stream throws(StreamError) in
      do throws(StreamError) {
        while true { try await stream.say("more and more") }
      } catch {
        // The client has gone.
      }
    }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<100 {
        group.addTask {
          let parcel = try await onLoop {
            let stream = try await ByteStream.connect(host: "127.0.0.1", port: port, deadline: .late)
            stream.onInput = {}
            stream.onHangUp = {}
            // So that it holds a timer.
            _ = await failure { () throws(StreamError) in
              _ = try await stream.receive(limit: 1, deadline: .late)
            }
            _ = await failure { () throws(StreamError) in
              _ = try await stream.receive(limit: 1, deadline: .late)
            }
            return Parcel(stream)
          }
          #expect(EventLoop.current == nil)
          _ = parcel.open()
        }
      }
      try await group.waitForAll()
    }
    await server.stop()
    try await eventually("no socket is left open") { try openSockets(port: port) == 0 }
  }

  @Test("a listener whose last reference goes on another thread is closed")
  func listenerGoesElsewhere() async throws {
    let parcel = try await onLoop {
      let address = try #require(SocketAddress(numeric: "127.0.0.1", port: 0))
      let listener = try Listener(address: address, loop: Loops.first)
      listener.accept { stream in stream.close() }
      return Parcel(listener)
    }
    let listener = try #require(parcel.open())
    let port = listener.address.port
    #expect(try openSockets(port: port) == 1)
    withExtendedLifetime(listener) {}
    let last = Parcel(listener)
    DispatchQueue.global().async { _ = last.open() }
  }

  @Test("a stream let go in its own callback, and one closed in it, do no harm")
  func goesInItsCallback() async throws {
    let server = TestServer()
    let maySpeak = Mailbox<Void>()
    let port = try await server.listen { stream throws(StreamError) in
      guard (try? await maySpeak.take()) != nil else { return }
      try await stream.say("hello")
    }
    for closes in [true, false] {
      try await onLoop {
        let gone = Mailbox<Void>()
        var stream: ByteStream? = try await ByteStream.connect(host: "127.0.0.1", port: port, deadline: .late)
        let holder = Holder(stream)
        stream = nil
        holder.stream?.onInput = {
          if closes { holder.stream?.close() }
          holder.stream = nil
          gone.put()
        }
        maySpeak.put()
        try await gone.take()
      }
    }
    await server.stop()
    try await eventually("no socket is left open") { try openSockets(port: port) == 0 }
  }

  @Test("a task that waits keeps its stream")
  func waitKeepsStream() async throws {
    let server = TestServer()
    let mayAnswer = Mailbox<Void>()
    let port = try await server.listen { stream throws(StreamError) in
      guard (try? await mayAnswer.take()) != nil else { return }
      try await stream.say("hello")
    }
    let heard = Task(executorPreference: Loops.first) {
      try await ByteStream.connect(host: "127.0.0.1", port: port, deadline: .late).hear(5)
    }
    mayAnswer.put()
    #expect(try await heard.value == "hello")
    await server.stop()
  }
}

private final class Holder {
  var stream: ByteStream?
  init(_ stream: ByteStream?) { self.stream = stream }
}
