import Crypto
import EventLoops
import HTTPTransport
import HTTPTypes
import JSON
import Logging
import ServerTestKit
import ServiceKit
import SharedAuth
import Synchronization
import Testing
import Text

@testable import NonAssociationsModule

/// Prisoner search and the token issuer, behind a real socket.
final class SearchDouble: Sendable {
  struct Call: Sendable {
    var target: String
    var authorization: String?
    var contentType: String?
    var numbers: [String]
  }

  private struct State {
    var people: [ByteText: Prisoner] = [:]
    var calls: [Call] = []
    var tokensGranted = 0
    var answers: [ServerResponse] = []
    var validTokens: Set<String> = []
    var duringCalls: (@Sendable () async -> Void)?
  }

  private let state = Mutex(State())
  private let group: EventLoopGroup

  init(_ people: [Prisoner], group: EventLoopGroup) {
    self.group = group
    state.withLock { $0.people = Fixture.byNumber(people) }
  }

  var calls: [Call] { state.withLock { $0.calls } }
  var tokensGranted: Int { state.withLock { $0.tokensGranted } }

  /// The next calls get these answers instead of prisoners.
  func answerNext(_ answers: ServerResponse...) { state.withLock { $0.answers = answers } }

  /// Runs while each call waits for its answer.
  func duringCalls(_ action: @escaping @Sendable () async -> Void) {
    state.withLock { $0.duringCalls = action }
  }

  func setPeople(_ people: [Prisoner]) { state.withLock { $0.people = Fixture.byNumber(people) } }

  /// Runs `body` with a client of this double; the server ends with it.
  func withClient<Result>(
    timeout: Duration = .seconds(30),
    _ body: (PrisonerSearchClient) async throws -> Result
  ) async throws -> Result {
    try await withUpstream(timeout: timeout) { try await body(PrisonerSearchClient($0)) }
  }

  func withUpstream<Result>(
    timeout: Duration = .seconds(30),
    _ body: (UpstreamClient) async throws -> Result
  ) async throws -> Result {
    var configuration = UpstreamTokensConfiguration(
      clientID: "NON_ASSOCIATIONS_API",
      clientSecret: Secret("secret")
    )
    configuration.minimumAge = .zero
    let tokens = UpstreamTokens(configuration: configuration, logger: Logger(label: "tokens"), clock: group) {
      [self] _, _ in
      grantToken()
    }
    return try await LoopbackServer.run(on: group, answer) { (url, client) async throws in
      let base = try HTTPURL("\(url)/base")
      return try await body(UpstreamClient(baseURL: base, client: client, tokens: tokens, timeout: timeout))
    }
  }

  private func grantToken() -> TokenResponse {
    let count = state.withLock { state in
      state.tokensGranted += 1
      state.validTokens = ["token-\(state.tokensGranted)"]
      return state.tokensGranted
    }
    let body = "{\"access_token\":\"token-\(count)\",\"token_type\":\"bearer\",\"expires_in\":3600}"
    return TokenResponse(status: 200, body: Array(body.utf8))
  }

  /// Makes every token that has been granted invalid.
  func withdrawTokens() { state.withLock { $0.validTokens = [] } }

  @Sendable private func answer(_ request: ServerRequest) async -> ServerResponse {
    guard let body = try? await request.body(), case .object(let members) = try? JSONValue(parsing: body),
      case .array(let elements) = members["prisonerNumbers"]
    else { return ServerResponse(status: .badRequest) }
    let numbers = elements.compactMap { if case .string(let number) = $0 { number } else { nil } }
    let call = Call(
      target: request.head.target.path + "?" + request.head.target.query.raw,
      authorization: request.head.fields[.authorization],
      contentType: request.head.fields[.contentType],
      numbers: numbers
    )
    await state.withLock { $0.duringCalls }?()
    return state.withLock { state in
      state.calls.append(call)
      if !state.answers.isEmpty { return state.answers.removeFirst() }
      guard state.validTokens.contains(where: { call.authorization == "Bearer \($0)" }) else {
        return ServerResponse(status: .unauthorized)
      }
      return Self.answer(numbers.compactMap { state.people[ByteText($0)] })
    }
  }

  private static func answer(_ people: [Prisoner]) -> ServerResponse {
    var writer = JSONWriter()
    writer.beginArray()
    for person in people {
      writer.beginObject()
      writer.field("prisonerNumber", person.prisonerNumber)
      writer.field("firstName", person.firstName)
      writer.field("lastName", person.lastName)
      if let prison = person.prisonID { writer.field("prisonId", prison) }
      writer.field("prisonName", person.prisonName)
      writer.field("cellLocation", person.cellLocation)
      writer.endObject()
    }
    writer.endArray()
    return ServerResponse(status: .ok, fields: [.contentType: "application/json"], body: writer.bytes)
  }
}
