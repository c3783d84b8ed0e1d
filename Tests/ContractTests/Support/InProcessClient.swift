import EventLoops
import HTTPTransport
import HTTPTypes
import Time

@testable import Gateway

/// How a test's requests reach the gateway.
enum Transport: Sendable {
  /// Handed to what the server hands its requests to, on one of its loops: everything but the server is in between.
  case inProcess
  /// Over a connection of its own: for tests of framing, draining, TLS and limits, and of fields that the server writes.
  case socket
}

/// Requests without a socket. Whoever is asked for what a server does with a request (a body in chunks, `Expect`,
/// compression, `HEAD`) gets it from a socket.
enum InProcessClient {
  /// Whether the answer depends on the responder alone.
  static func canSend(_ method: String, _ target: String, _ headers: [(String, String)]) -> Bool {
    let serverFields: Set = [
      "connection", "expect", "transfer-encoding", "content-length", "accept-encoding",
    ]
    return HTTPRequest.Method(method) != nil && method != "HEAD" && RequestTarget(target) != nil
      && headers.allSatisfy { name, value in
        HTTPField.Name(name) != nil && !serverFields.contains(name.lowercased())
          && value.utf8.allSatisfy { (0x20...0x7e).contains($0) } && value.first != " " && value.last != " "
      }
  }

  static func send(
    _ application: GatewayApplication,
    method: String,
    target: String,
    headers: [(String, String)],
    body: [UInt8]?
  ) async throws -> Answer {
    guard let method = HTTPRequest.Method(method), let target = RequestTarget(target) else {
      throw SocketFailure(description: "not to be sent without a socket: \(method) \(target)")
    }
    var fields: HeaderFields = [:]
    let isAddressed = headers.contains { $0.0.lowercased() == "host" }
    let addressed = isAddressed ? headers : [("Host", "127.0.0.1:\(application.address.port)")] + headers
    for (name, value) in addressed {
      if let name = HTTPField.Name(name) { fields.append(name, value) }
    }
    let head = RequestHead(method: method, target: target, fields: fields)
    let listener = application.composition.listener
    let group = application.composition.platform.group
    return try await group.any().run {
      let request = ServerRequest(
        head: head,
        body: body ?? [],
        remoteAddress: SocketAddress(numeric: "127.0.0.1", port: 1),
        deadline: group.now() + .seconds(60),
        clock: group
      )
      let response = await listener.responder(request)
      return Answer(
        status: response.status.code,
        headers: response.fields.all,
        body: response.body
      )
    }
  }
}
