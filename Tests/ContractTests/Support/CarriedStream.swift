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
}
