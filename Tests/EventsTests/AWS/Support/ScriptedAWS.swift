import EventLoops
import Events
import HTTPTransport
import HTTPTypes
import ServerTestKit
import Synchronization
import Time

/// An AWS endpoint that gives the answers of a list, one after another, and then the last again and again.
final class ScriptedAWS: Sendable {
  struct Answer: Sendable {
    var status: HTTPResponse.Status = .ok
    var body = "{}"
    var fields: HeaderFields = [:]
    /// Answers nothing until the client has gone.
    var hangs = false

    static func json(_ body: String) -> Answer { Answer(body: body) }
    static let hang = Answer(hangs: true)

    /// An error as SQS words it.
    static func error(_ status: HTTPResponse.Status, _ code: String) -> Answer {
      Answer(status: status, body: #"{"__type":"com.amazonaws.sqs#\#(code)","message":"because"}"#)
    }
  }

  struct Received: Sendable {
    let action: String
    let fields: HeaderFields
    let body: String
  }

  private struct State {
    var answers: [Answer]
    var received: [Received] = []
  }

  private let state: Mutex<State>

  var received: [Received] { state.withLock { $0.received } }
  var actions: [String] { received.map(\.action) }

  private init(_ answers: [Answer]) { state = Mutex(State(answers: answers)) }

  /// - Parameter body: gets a broker of the endpoint, which is an emulator's unless told otherwise.
  static func run(
    _ answers: [Answer],
    credentials: any AWSCredentialsProvider = AWSCredentials.emulator,
    _ body: (ScriptedAWS, AWSBroker) async throws -> Void
  ) async throws {
    let scripted = ScriptedAWS(answers)
    try await LoopbackServer.run(on: Loops.shared, { await scripted.respond(to: $0) }) {
      (url, client) async throws in
      let broker = AWSBroker(
        endpoints: AWSEndpoints(emulator: url, region: "eu-west-2"),
        credentials: credentials,
        client: client,
        clock: SystemClock()
      )
      try await body(scripted, broker)
    }
  }

  private func respond(to request: ServerRequest) async -> ServerResponse {
    let body = String(decoding: (try? await request.body()) ?? [], as: UTF8.self)
    let fields = request.head.fields
    let target = HTTPField.Name("X-Amz-Target").flatMap { fields[$0] }
    let action = target?.split(separator: ".").last.map(String.init) ?? body
    let answer = state.withLock { state in
      state.received.append(Received(action: action, fields: fields, body: body))
      return state.answers.count > 1 ? state.answers.removeFirst() : state.answers[0]
    }
    if answer.hangs { try? await Task.sleep(for: patience) }
    return ServerResponse(status: answer.status, fields: answer.fields, body: Array(answer.body.utf8))
  }
}
