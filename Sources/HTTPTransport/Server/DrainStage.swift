internal import EventLoops

/// How far a server has come on its way to an end; every stage includes what those before it say.
enum DrainStage: Comparable, Sendable {
  case serving
  /// Everything is answered, new connections too, and each answer says `Connection: close`.
  case announcing
  /// No new connection is taken. Those that wait for another request are closed; a new one may send its first.
  case finishing
  /// No connection waits for a request any more.
  case closing

  /// How long a connection that came in the last moment has to send its first request.
  static let firstRequestTime = Duration.seconds(1)
  /// How long those may take to complete their connection whose first packet was answered before no more were taken.
  /// Longer than most round trips; who takes longer is reset. Within one machine all packets of a handshake are
  /// exchanged at once.
  static func handshakeTime(at address: SocketAddress) -> Duration {
    address.isLoopback ? .zero : .milliseconds(250)
  }

  /// Whether answers say that the connection ends with them.
  var announcesEnd: Bool { self != .serving }

  /// Whether a connection that waits for a request is closed.
  /// - Parameter hasServed: whether it has had a request.
  func closesIdle(hasServed: Bool) -> Bool {
    switch self {
    case .serving, .announcing: false
    case .finishing: hasServed
    case .closing: true
    }
  }
}
