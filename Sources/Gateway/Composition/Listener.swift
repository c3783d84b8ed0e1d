internal import EventLoops
internal import HTTPTransport
internal import Synchronization

/// A server with the address that it is to listen at, and what the kernel made of that.
final class Listener: Sendable {
  let server: HTTPServer
  /// Answers as the server does a request that comes by another way than a socket.
  let responder: Responder
  private let wanted: SocketAddress
  private let setting: String
  private let bound = Mutex<SocketAddress?>(nil)

  /// - Parameters:
  ///   - responder: the server's own.
  ///   - setting: says the port, for complaints.
  init(_ server: HTTPServer, _ responder: @escaping Responder, at wanted: SocketAddress, setting: String) {
    self.server = server
    self.responder = responder
    self.wanted = wanted
    self.setting = setting
  }

  /// Where it listens, with the port that the kernel chose if 0 was asked for; the address that is wanted before it does.
  var address: SocketAddress { bound.withLock { $0 } ?? wanted }

  /// - Throws: `ConfigurationError` naming the setting when nothing can listen there.
  func listen() async throws(ConfigurationError) {
    do {
      let address = try await server.start(address: wanted)
      bound.withLock { $0 = address }
    } catch {
      throw ConfigurationError(problems: [
        "\(setting): nothing can listen at \(wanted) (\(error)): stop what is there, or choose another port"
      ])
    }
  }
}
