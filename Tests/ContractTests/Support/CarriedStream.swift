import EventLoops
import Time

/// Carries a stream between tasks of one loop.
///
/// `@unchecked Sendable`: both ends run on the loop that the stream belongs to.
final class CarriedStream: @unchecked Sendable {
  let stream: ByteStream

  init(_ stream: ByteStream) { self.stream = stream }

  /// Sends on what comes until there is no more, or one of the two is gone.
  /// - Parameter seen: gets it before it is sent on.
  func pump(to target: CarriedStream, _ seen: ([UInt8]) -> Void) async {
    do {
      while try await stream.receive() > 0 {
        let bytes = stream.inbound.read(stream.inbound.count)
        seen(bytes)
        target.stream.outbound.append(contentsOf: bytes)
        try await target.stream.flush(deadline: .now() + .seconds(10))
      }
    } catch {
      return
    }
  }

  /// Listens at a free port of this machine and serves each client in a task on the loop.
  static func listen(
    on loop: EventLoop,
    _ serve: @escaping @Sendable (CarriedStream) async -> Void
  ) throws -> Listener {
    guard let any = SocketAddress(numeric: "127.0.0.1", port: 0) else {
      throw SocketFailure(description: "no address")
    }
    let listener = try Listener(address: any, loop: loop)
    listener.accept { stream in
      let client = CarriedStream(stream)
      Task(executorPreference: loop) { await serve(client) }
    }
    return listener
  }
}
