internal import CLinux

extension ByteStream {
  /// Opens a connection to `host` from the loop that runs the caller, trying its addresses in turn; with TLS when a
  /// context is given (the certificate must be valid for `host`).
  /// - Parameter deadline: for resolving, connecting and the TLS handshake together.
  /// - Throws: `StreamError`; `.closed` when the task is cancelled or not on an event loop.
  public static func connect(
    host: String,
    port: UInt16,
    tls: TLSContext? = nil,
    deadline: MonotonicInstant
  ) async throws(StreamError) -> ByteStream {
    guard let loop = EventLoop.current else { throw .closed }
    let addresses = try await NameResolver.resolve(host: host, port: port, loop: loop, deadline: deadline)
    if Task.isCancelled { throw .closed }
    var lastError = StreamError.nameNotResolved(host: host, reason: "no address")
    for address in addresses {
      do throws(StreamError) {
        let stream = try await connect(to: address, loop: loop, deadline: deadline)
        if let tls {
          do throws(StreamError) {
            try await stream.startTLS(tls, serverName: host, deadline: deadline)
          } catch {
            stream.close()
            throw error
          }
        }
        return stream
      } catch {
        lastError = error
        if error == .timedOut || Task.isCancelled { break }
      }
    }
    throw lastError
  }

  private static func connect(
    to address: SocketAddress,
    loop: EventLoop,
    deadline: MonotonicInstant
  ) async throws(StreamError) -> ByteStream {
    let stream: ByteStream
    do throws(SystemError) {
      let socket = try Socket.make(family: address.family)
      socket.disableNagle()
      let result = address.withPointer { CLinux.connect(socket.fileDescriptor, $0, $1) }
      guard result == 0 || gateway_errno() == EINPROGRESS else { throw SystemError.last("connect") }
      stream = try ByteStream(socket, loop: loop)
    } catch {
      throw .connectFailed(error)
    }
    do throws(StreamError) {
      try await stream.finishConnecting(deadline: deadline)
      return stream
    } catch {
      stream.close()
      throw error
    }
  }
}
