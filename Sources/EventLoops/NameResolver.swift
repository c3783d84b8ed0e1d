internal import CLinux
internal import Dispatch

/// Host names to addresses with the system's resolver, which blocks: it runs on Dispatch's threads, never on a loop.
enum NameResolver {
  /// The addresses of `host`, in the order the system prefers. Call it on `loop`. A look-up cannot be stopped: past
  /// the deadline, or once the task is cancelled, its result is dropped.
  /// - Throws: `StreamError.nameNotResolved`, `.timedOut`, or `.closed` when the task is cancelled.
  static func resolve(
    host: String,
    port: UInt16,
    loop: EventLoop,
    deadline: MonotonicInstant,
    isolation: isolated (any Actor)? = #isolation
  ) async throws(StreamError) -> [SocketAddress] {
    if let address = SocketAddress(numeric: host, port: port) { return [address] }
    let lookUp = LookUp()
    let result: Result<[SocketAddress], StreamError> = await withTaskCancellationHandler {
      _ = isolation
      return await withUnsafeContinuation { continuation in
        lookUp.begin(continuation, host: host, port: port, loop: loop, deadline: deadline)
      }
    } onCancel: {
      loop.execute { lookUp.finish(.failure(.closed)) }
    }
    return try result.get()
  }

  /// One look-up: whoever comes first of the resolver, the deadline and a cancellation gives the result.
  ///
  /// `@unchecked Sendable`: the properties are touched on the loop alone; other threads only carry the reference.
  private final class LookUp: @unchecked Sendable {
    private var continuation: UnsafeContinuation<Result<[SocketAddress], StreamError>, Never>?
    private var timer: ScheduledTimer?

    func begin(
      _ continuation: UnsafeContinuation<Result<[SocketAddress], StreamError>, Never>,
      host: String,
      port: UInt16,
      loop: EventLoop,
      deadline: MonotonicInstant
    ) {
      if Task.isCancelled {
        continuation.resume(returning: .failure(.closed))
        return
      }
      self.continuation = continuation
      timer = loop.schedule(at: deadline) { [weak self] in self?.finish(.failure(.timedOut)) }
      DispatchQueue.global().async {
        let result = NameResolver.lookUp(host: host, port: port)
        loop.execute { self.finish(result) }
      }
    }

    func finish(_ result: Result<[SocketAddress], StreamError>) {
      timer?.cancel()
      timer = nil
      let waiting = continuation
      continuation = nil
      waiting?.resume(returning: result)
    }
  }

  private static func lookUp(host: String, port: UInt16) -> Result<[SocketAddress], StreamError> {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    hints.ai_flags = AI_ADDRCONFIG
    var list: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(host, String(port), &hints, &list)
    guard code == 0 else {
      return .failure(.nameNotResolved(host: host, reason: String(cString: gai_strerror(code))))
    }
    defer { freeaddrinfo(list) }
    var addresses: [SocketAddress] = []
    var next = list
    while let entry = next?.pointee {
      if let address = entry.ai_addr { addresses.append(SocketAddress(address, length: entry.ai_addrlen)) }
      next = entry.ai_next
    }
    return .success(addresses)
  }
}
