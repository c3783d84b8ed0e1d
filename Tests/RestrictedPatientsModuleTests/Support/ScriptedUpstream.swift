import HTTPTransport
import HTTPTypes
import Synchronization

/// Prison API and prisoner search as one server, which answers what a test says, everything else with 404, and keeps what
/// it was asked.
final class ScriptedUpstream: Sendable {
  private let state = Mutex((answers: [String: [(status: Int, body: String)]](), calls: [(String, String)]()))

  static let search = "POST /prisoner-search/prisoner-numbers"
  static let movements = "POST /api/movements/offenders"
  static let release = "POST /api/movements"
  static func booking(_ number: String) -> String { "GET /api/bookings/offenderNo/\(number)" }
  static func discharge(_ number: String) -> String { "PUT /api/offenders/\(number)/discharge-to-hospital" }
  static func agency(_ id: String) -> String { "GET /api/agencies/\(id)" }

  /// Method and path of each call.
  var calls: [String] { state.withLock { $0.calls.map(\.0) } }

  /// The bodies that a call had.
  func bodies(_ call: String) -> [String] { state.withLock { $0.calls.filter { $0.0 == call }.map(\.1) } }

  func forgetCalls() { state.withLock { $0.calls = [] } }

  /// Of several answers each is given once, the last for ever.
  func answer(_ call: String, _ answers: (Int, String)...) {
    state.withLock { $0.answers[call] = answers.map { (status: $0.0, body: $0.1) } }
  }

  /// Lists with these agencies, each of the type that it says.
  func answerLists(_ agencies: [(id: String, name: String, type: String)]) {
    for type in ["INST", "HOSPITAL", "HSHOSP"] {
      let items = agencies.filter { $0.type == type }
        .map {
          #"{"agencyId":"\#($0.id)","description":"\#($0.name)","agencyType":"\#(type)","active":true}"#
        }
      answer("GET /api/agencies/type/\(type)", (200, "[\(items.joined(separator: ","))]"))
    }
  }

  func respond(to request: ServerRequest) async -> ServerResponse {
    let body = String(decoding: (try? await request.body()) ?? [], as: UTF8.self)
    let call = "\(request.head.method.rawValue) \(request.head.target.path)"
    let answer = state.withLock { state -> (status: Int, body: String) in
      state.calls.append((call, body))
      guard let answers = state.answers[call], let first = answers.first else { return (404, "{}") }
      if answers.count > 1 { state.answers[call]?.removeFirst() }
      return first
    }
    return ServerResponse(
      status: .init(code: answer.status),
      fields: [.contentType: "application/json"],
      body: Array(answer.body.utf8)
    )
  }
}
