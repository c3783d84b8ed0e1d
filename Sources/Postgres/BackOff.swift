internal import EventLoops

/// Growing waits between attempts to connect: 20 ms at first, doubling to half a second, each up to a quarter longer by
/// chance, so that many connections do not come back in one moment.
struct BackOff {
  private var next: Duration = .milliseconds(20)

  /// Waits on `loop`, which must be the caller's.
  mutating func wait(on loop: EventLoop) async {
    let delay = next + next * Double.random(in: 0..<0.25)
    next = min(next * 2, .milliseconds(500))
    await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
      _ = loop.schedule(after: delay) { continuation.resume() }
    }
  }
}
