internal import CLinux
public import Time

extension ByteStream {
  /// Opens a connection to `host` from the loop that runs the caller, trying its addresses in turn; with TLS when a
  /// context is given (the certificate must be valid for `host`).
  /// - Parameter deadline: for resolving, connecting and the TLS handshake together. An address that does not answer
  ///   has its share of the time only, if others are left to try.
  /// - Throws: `StreamError`; `.closed` when the task is cancelled or not on an event loop.
  public static func connect(
    host: String,
    port: UInt16,
    tls: TLSContext? = nil,
    deadline: MonotonicInstant
  ) async throws(StreamError) -> ByteStream {
    guard let loop = EventLoop.current else { throw .closed }
    let addresses = try await NameResolver.shared.resolve(
      host: host,
      port: port,
      loop: loop,
      deadline: deadline
    )
    var lastError = StreamError.nameNotResolved(host: host, reason: "no address")
    for (position, address) in addresses.enumerated() {
      if Task.isCancelled { throw .closed }
      let share = share(of: deadline, among: addresses.count - position)
      do throws(StreamError) {
        return try await connect(to: address, host: host, tls: tls, loop: loop, deadline: share)
      } catch {
        lastError = error
        if MonotonicInstant.now() >= deadline { break }
      }
    }
    throw lastError
  }

  private static func share(of deadline: MonotonicInstant, among addresses: Int) -> MonotonicInstant {
    let now = MonotonicInstant.now()
    guard addresses > 1, deadline > now else { return deadline }
    let left = deadline.nanoseconds - now.nanoseconds
    return MonotonicInstant(nanoseconds: now.nanoseconds + left / UInt64(addresses))
  }

  private static func connect(
    to address: SocketAddress,
    host: String,
    tls: TLSContext?,
    loop: EventLoop,
    deadline: MonotonicInstant
  ) async throws(StreamError) -> ByteStream {
    let stream = try begin(address, loop: loop)
    do throws(StreamError) {
      try await stream.finishConnecting(deadline: deadline)
      if let tls { try await stream.startTLS(tls, serverName: host, deadline: deadline) }
      return stream
    } catch {
      stream.close()
      throw error
    }
  }

  private static func begin(_ address: SocketAddress, loop: EventLoop) throws(StreamError) -> ByteStream {
    do throws(SystemError) {
      let socket = try Socket.make(family: address.family)
      socket.disableNagle()
      let result = address.withPointer { CLinux.connect(socket.fileDescriptor, $0, $1) }
      guard result == 0 || [EINPROGRESS, EINTR].contains(gateway_errno()) else { throw .last("connect") }
      return try ByteStream(socket, remoteAddress: address, loop: loop)
    } catch {
      throw .connectFailed(error)
    }
  }
}
