import Foundation
import HTTPTransport
import HTTPTypes
import Synchronization
import Text

/// A server in place of prison API: it answers what a test stubs, everything else with 404
/// (docs/contract/restricted-patients.md §15), records what it is asked, and can keep callers waiting.
final class PrisonAPIDouble: Sendable {
  struct Request: Sendable, Equatable {
    /// Method and path.
    let call: String
    let query, body: String
    let authorization, contentType: String?
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

  var requests: [Request] { state.withLock { $0.requests } }
  var calls: [String] { requests.map(\.call) }

  /// The calls without those for the lists of agencies.
  var callsBesideLists: [String] { calls.filter { !$0.contains("/agencies/type/") } }

  func request(_ call: String) -> Request? { requests.last { $0.call == call } }

  /// Answers a call so from now on; of several answers each is given once, the last for ever.
  func stub(_ call: String, _ status: Int = 200, _ body: String = "") {
    state.withLock { $0.answers[call] = [(status, body)] }
  }

  func stub(_ call: String, inTurn answers: [(Int, String)]) {
    state.withLock { $0.answers[call] = answers.map { (status: $0.0, body: $0.1) } }
  }

  /// Answers calls that no other stub answers; nil for 404.
  func stubOthers(_ answer: @escaping @Sendable (Request) -> (status: Int, body: String)?) {
    state.withLock { $0.others = answer }
  }

  /// Keeps everybody waiting who makes this call, until `letGo()`.
  func hold(_ call: String) { state.withLock { _ = $0.held.insert(call) } }

  func letGo() {
    let waiters = state.withLock { state in
      state.held = []
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters { waiter.finish() }
  }

  func forget() { state.withLock { $0.requests = [] } }

  func respond(to request: ServerRequest) async -> ServerResponse {
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

/// The calls and answers of docs/contract/restricted-patients.md §6, §15.
extension PrisonAPIDouble {
  static func booking(_ number: String) -> String { "GET /api/bookings/offenderNo/\(number)" }
  static func discharge(_ number: String) -> String { "PUT /api/offenders/\(number)/discharge-to-hospital" }
  static let movements = "POST /api/movements/offenders"
  static let release = "POST /api/movements"
  static func agency(_ id: String) -> String { "GET /api/agencies/\(id)" }
  static let lists = ["INST", "HOSPITAL", "HSHOSP"].map { "GET /api/agencies/type/\($0)" }

  func stubBooking(_ number: String = "A12345", isActive: String = "true") {
    stub(
      Self.booking(number),
      200,
      #"{"offenderNo":"\#(number)","bookingId":1138058,"activeFlag":\#(isActive)}"#
    )
  }

  func stubDischarge(_ number: String = "A12345") {
    stub(Self.discharge(number), 201, #"{"offenderNo":"\#(number)"}"#)
  }

  static func movement(
    _ changes: [String: String?] = [:]
  ) -> String {
    var members: [String: String?] = [
      "fromAgency": "MDI", "toAgency": "HAZLWD", "movementType": "REL", "movementReasonCode": "HP",
      "movementDate": "2022-05-20", "movementTime": "14:36:13", "commentText": "Psychiatric discharge",
    ]
    for (name, value) in changes { members.updateValue(value, forKey: name) }
    let texts = members.sorted { $0.key < $1.key }
      .map { name, value in "\"\(name)\":" + (value.map { "\"\($0)\"" } ?? "null") }
    return "{\(texts.joined(separator: ","))}"
  }

  func stubMovements(_ movements: String...) {
    stub(Self.movements, 200, "[\(movements.joined(separator: ","))]")
  }

  static func agencyJSON(_ id: String, _ description: String, _ type: String) -> String {
    #"{"agencyId":"\#(id)","description":"\#(description)","longDescription":"\#(description)","agencyType":"\#(type)","active":true}"#
  }

  /// - Parameters:
  ///   - prison: one that is new, by its id.
  ///   - hospital: likewise.
  func stubLists(with prison: String? = nil, hospital: String? = nil) {
    let prisons =
      [
        Self.agencyJSON("MRI", "Manchester (HMP)", "INST"),
        Self.agencyJSON("MDI", "Moorland (HMP & YOI)", "INST"), Self.agencyJSON("HDI", "Hatfield", "INST"),
      ] + (prison.map { [Self.agencyJSON($0, "New prison", "INST")] } ?? [])
    let hospitals =
      [
        Self.agencyJSON("STANSD", "St Ann's", "HSHOSP"), Self.agencyJSON("BRADEN", "Braden", "HSHOSP"),
        Self.agencyJSON("HAZLWD", "Hazelwood House", "HSHOSP"),
      ] + (hospital.map { [Self.agencyJSON($0, "New hospital", "HSHOSP")] } ?? [])
    stub(Self.lists[0], 200, "[\(prisons.joined(separator: ","))]")
    stub(Self.lists[1], 200, "[\(hospitals.joined(separator: ","))]")
    stub(Self.lists[2], 200, "[\(hospitals.joined(separator: ","))]")
  }
}
