public import EventLoops
public import HTTPTransport
import HTTPTypes
import Synchronization

/// A server in place of an OpenTelemetry collector, or of Application Insights: keeps what it is sent, and answers as it
/// is told.
public final class CollectorDouble: Sendable {
  /// One request.
  public struct Received: Sendable {
    public let path: String
    public let fields: HeaderFields
    public let body: [UInt8]
  }

  private struct State {
    var received: [Received] = []
    var answers: [ServerResponse] = []
    var hangs = false
  }

  private let state = Mutex(State())

  public init() {}

  /// What has come, in order.
  public var received: [Received] { state.withLock(\.received) }

  /// The next requests get these answers; those after them 200.
  public func answerNext(_ answers: ServerResponse...) { state.withLock { $0.answers = answers } }

  /// Answers nothing from now on.
  public func hang() { state.withLock { $0.hangs = true } }

  /// Runs `body` with the address of this double and a client; both end with it.
  public func run(on group: EventLoopGroup, _ body: (HTTPURL, HTTPClient) async throws -> Void) async throws {
    try await LoopbackServer.run(on: group, { await self.respond(to: $0) }, body)
  }

  private func respond(to request: ServerRequest) async -> ServerResponse {
    let body = (try? await request.body()) ?? []
    let received = Received(path: request.head.target.path, fields: request.head.fields, body: body)
    let (answer, hangs) = state.withLock { state in
      state.received.append(received)
      return (state.answers.isEmpty ? nil : state.answers.removeFirst(), state.hangs)
    }
    if hangs { try? await Task.sleep(for: .seconds(3600)) }
    return answer
      ?? ServerResponse(status: .ok, fields: [.contentType: "application/json"], body: Array("{}".utf8))
  }
}
