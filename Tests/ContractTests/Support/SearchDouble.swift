import Foundation
import HTTPTransport
import HTTPTypes
import Logging
import Synchronization
import Text

/// A prisoner as prisoner search answers it.
struct SearchPrisoner: Sendable {
  let number, firstName, lastName: String
  let prisonID, prisonName, cellLocation: String?

  init(
    _ number: String,
    _ firstName: String,
    _ lastName: String,
    _ prisonID: String?,
    _ prisonName: String?,
    _ cellLocation: String?
  ) {
    self.number = number
    self.firstName = firstName
    self.lastName = lastName
    self.prisonID = prisonID
    self.prisonName = prisonName
    self.cellLocation = cellLocation
  }

  fileprivate var json: String {
    func member(_ name: String, _ value: String?) -> String {
      "\"\(name)\":" + (value.map { "\"\($0)\"" } ?? "null")
    }
    let members = [
      member("prisonerNumber", number), member("firstName", firstName), member("lastName", lastName),
      member("prisonId", prisonID), member("prisonName", prisonName), member("cellLocation", cellLocation),
    ]
    return "{" + members.joined(separator: ",") + "}"
  }
}

/// A server in place of prisoner search: it knows the prisoners of docs/contract/non-associations.md §15, records what
/// it is asked, and can be told to fail.
final class SearchDouble: Sendable {
  struct Request: Sendable {
    let path, query, body: String
    let authorization, contentType, traceparent: String?
  }

  private struct State {
    var prisoners: [String: SearchPrisoner] = [:]
    var requests: [Request] = []
    var status: Int?
    var hangs = false
    var placeOfOthers: String?
    var script: [(status: Int, body: String)] = []
  }

  let contractPrisoners = [
    SearchPrisoner("A1234BC", "ANN", "ADAMS", "MDI", "Moorland", "A-1"),
    SearchPrisoner("D5678EF", "BEN", "BRAND", "MDI", "Moorland", "A-2"),
    SearchPrisoner("G9012HI", "CY", "YOUNG", "MDI", "Moorland", "A-3"),
    SearchPrisoner("L3456MN", "ED", "MARSH", "FBI", "Forest Bank", "C-2"),
    SearchPrisoner("C1234CC", "TIM", "TRAVIS", "TRN", "Transfer", nil),
    SearchPrisoner("B1234BB", "OLA", "OUTER", "OUT", "Outside", nil),
    SearchPrisoner("D1234DD", "LOU", "LOST", nil, nil, nil),
    SearchPrisoner("D1234DE", "LIZ", "LORN", nil, nil, nil),
  ]

  private let state = Mutex(State())

  init() { setPrisoners(contractPrisoners) }

  var requestCount: Int { state.withLock { $0.requests.count } }
  var lastRequest: Request? { state.withLock { $0.requests.last } }
  /// How many numbers each request asked for.
  var askedCounts: [Int] {
    state.withLock { state in
      state.requests.map { $0.body.split(separator: ",").count }
    }
  }

  func setPrisoners(_ prisoners: [SearchPrisoner]) {
    let byNumber = Dictionary(uniqueKeysWithValues: prisoners.map { ($0.number, $0) })
    state.withLock { $0.prisoners = byNumber }
  }

  /// Answers every request with this status from now on; nil goes back to answering properly.
  func answer(status: Int?) { state.withLock { $0.status = status } }

  var requests: [Request] { state.withLock { $0.requests } }

  /// Gives these answers instead, each once, the last for ever.
  func answer(inTurn answers: [(Int, String)]) {
    state.withLock { $0.script = answers.map { (status: $0.0, body: $0.1) } }
  }

  /// Never answers from now on.
  func hang() { state.withLock { $0.hangs = true } }

  /// Knows everybody from now on, those not named in this prison.
  func answerAnyone(in prisonID: String) { state.withLock { $0.placeOfOthers = prisonID } }

  func respond(to request: ServerRequest) async -> ServerResponse {
    let body = String(decoding: (try? await request.body()) ?? [], as: UTF8.self)
    let target = request.head.target.path
    let query = request.head.target.query.raw
    let recorded = Request(
      path: target,
      query: query,
      body: body,
      authorization: request.head.fields[.authorization],
      contentType: request.head.fields[.contentType],
      traceparent: HTTPField.Name("traceparent").flatMap { request.head.fields[$0] }
    )
    let (status, hangs, prisoners, place, scripted) = state.withLock { state in
      state.requests.append(recorded)
      let scripted = state.script.first
      if state.script.count > 1 { state.script.removeFirst() }
      return (state.status, state.hangs, state.prisoners, state.placeOfOthers, scripted)
    }
    if hangs { try? await Task.sleep(for: .seconds(3600)) }
    if let scripted {
      return ServerResponse(
        status: .init(code: scripted.status),
        fields: [.contentType: "application/json"],
        body: Array(scripted.body.utf8)
      )
    }
    if let status { return ServerResponse(status: .init(code: status), fields: [:], body: Array("no".utf8)) }
    let asked = (try? JSON(parsing: Array(body.utf8)))?["prisonerNumbers"]?.items.compactMap(\.text) ?? []
    let found = asked.compactMap { number in
      (prisoners[number] ?? place.map { SearchPrisoner(number, "A", "B", $0, nil, nil) })?.json
    }.joined(separator: ",")
    return ServerResponse(
      status: .ok,
      fields: [.contentType: "application/json"],
      body: Array("[\(found)]".utf8)
    )
  }
}
