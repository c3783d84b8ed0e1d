public import HTTPTransport
import HTTPTypes
import Synchronization

/// Other services as one server: it answers what a test stubs, everything else with 404
/// (docs/contract/restricted-patients.md §15), records what it is asked, and can keep callers waiting.
public final class ScriptedUpstream: Sendable {
  public struct Request: Sendable, Equatable {
    /// Method and path.
    public let call: String
    public let query, body: String
    public let authorization, contentType: String?
  }

  private struct State {
    var answers: [String: [(status: Int, body: String)]] = [:]
    var requests: [Request] = []
    /// Answers calls that nothing else does.
    var others: @Sendable (Request) -> (status: Int, body: String)? = { _ in nil }
    var held: Set<String> = []
    var waiters: [AsyncStream<Never>.Continuation] = []
  }

  private let state = Mutex(State())

  public init() {}

  public var requests: [Request] { state.withLock { $0.requests } }
  public var calls: [String] { requests.map(\.call) }

  /// The calls without those for the lists of agencies.
  public var callsBesideLists: [String] { calls.filter { !$0.contains("/agencies/type/") } }

  /// The bodies that a call had.
  public func bodies(_ call: String) -> [String] { requests.filter { $0.call == call }.map(\.body) }

  public func request(_ call: String) -> Request? { requests.last { $0.call == call } }

  /// Answers a call so from now on; of several answers each is given once, the last for ever.
  public func stub(_ call: String, _ status: Int = 200, _ body: String = "") {
    state.withLock { $0.answers[call] = [(status, body)] }
  }

  public func stub(_ call: String, inTurn answers: [(Int, String)]) {
    state.withLock { $0.answers[call] = answers.map { (status: $0.0, body: $0.1) } }
  }

  /// Answers calls that no other stub answers; nil for 404.
  public func stubOthers(_ answer: @escaping @Sendable (Request) -> (status: Int, body: String)?) {
    state.withLock { $0.others = answer }
  }

  /// Keeps everybody waiting who makes this call, until `letGo()`.
  public func hold(_ call: String) { state.withLock { _ = $0.held.insert(call) } }

  public func letGo() {
    let waiters = state.withLock { state in
      state.held = []
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters { waiter.finish() }
  }

  public func forget() { state.withLock { $0.requests = [] } }

  public func respond(to request: ServerRequest) async -> ServerResponse {
    let body = String(decoding: (try? await request.body()) ?? [], as: UTF8.self)
    let call = "\(request.head.method.rawValue) \(request.head.target.path)"
    let recorded = Request(
      call: call,
      query: request.head.target.query.raw,
      body: body,
      authorization: request.head.fields[.authorization],
      contentType: request.head.fields[.contentType]
    )
    let (answer, gate) = state.withLock { state in
      state.requests.append(recorded)
      var answers = state.answers[call] ?? []
      let answer = answers.first ?? state.others(recorded)
      if answers.count > 1 {
        answers.removeFirst()
        state.answers[call] = answers
      }
      guard state.held.contains(call) else { return (answer, nil as AsyncStream<Never>?) }
      let (stream, continuation) = AsyncStream<Never>.makeStream()
      state.waiters.append(continuation)
      return (answer, stream)
    }
    if let gate { for await _ in gate {} }
    guard let answer else {
      return ServerResponse(
        status: .notFound,
        fields: [.contentType: "application/json"],
        body: Array("{}".utf8)
      )
    }
    return ServerResponse(
      status: .init(code: answer.status),
      fields: [.contentType: "application/json"],
      body: Array(answer.body.utf8)
    )
  }
}

/// The calls of docs/contract/restricted-patients.md §6.
extension ScriptedUpstream {
  public static func booking(_ number: String) -> String { "GET /api/bookings/offenderNo/\(number)" }
  public static func discharge(_ number: String) -> String {
    "PUT /api/offenders/\(number)/discharge-to-hospital"
  }
  public static let movements = "POST /api/movements/offenders"
  public static let release = "POST /api/movements"
  public static func agency(_ id: String) -> String { "GET /api/agencies/\(id)" }
  public static let lists = ["INST", "HOSPITAL", "HSHOSP"].map { "GET /api/agencies/type/\($0)" }
}
