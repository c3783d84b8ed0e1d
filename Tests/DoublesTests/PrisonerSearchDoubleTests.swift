import Foundation
import HTTPTransport
import HTTPTypes
import TestKit
import Testing

@testable import Doubles

/// The double of prisoner search on real sockets.
@Suite("Double of prisoner search")
struct PrisonerSearchDoubleTests {
  private static let bearer: HeaderFields = [.authorization: "Bearer x", .contentType: "application/json"]
  private static let commaList =
    "?responseFields=prisonerNumber%2CfirstName%2ClastName%2CprisonId%2CprisonName%2CcellLocation"

  private func with(
    _ body: (PrisonerSearchDouble, _ url: String) async throws -> Void
  ) async throws {
    let search = PrisonerSearchDouble()
    try await Loopback.serving({ await search.respond(to: $0) }) { try await body(search, $0) }
  }

  private func ask(
    _ url: String,
    _ query: String,
    _ numbers: [String],
    fields: HeaderFields = bearer,
    within limit: Duration = .seconds(10)
  ) async throws -> ClientResponse {
    let list = numbers.map { #""\#($0)""# }.joined(separator: ",")
    return try await Loopback.send(
      .post,
      url + "/prisoner-search/prisoner-numbers" + query,
      fields,
      body: #"{"prisonerNumbers":[\#(list)]}"#,
      within: limit
    )
  }

  @Test("A directory may invent a prisoner for any number")
  func inventedPrisoners() async throws {
    let search = PrisonerSearchDouble(inventsPrisoners: true)
    try await Loopback.serving({ await search.respond(to: $0) }) { url async throws in
      let answer = try await ask(
        url,
        "?responseFields=prisonerNumber,lastName,prisonId",
        ["X9999XX"]
      )
      #expect(answer.text == #"[{"prisonerNumber":"X9999XX","lastName":"KNOWN","prisonId":"MDI"}]"#)
    }
  }

  @Test("One comma list of fields gives the objects of the sample, and a missing number is missing")
  func commaList() async throws {
    try await with { _, url async throws in
      let answer = try await ask(
        url,
        Self.commaList,
        ["A1234BC", "X9999XX", "L1235MN", "M2346NP", "K0123LM", "A1234BC"]
      )
      #expect(answer.status == .ok)
      let expected = """
        [{"prisonerNumber":"A1234BC","firstName":"ADAM","lastName":"ARCHER","prisonId":"MDI",\
        "prisonName":"Moorland (HMP & YOI)","cellLocation":"1-1-001"},\
        {"prisonerNumber":"L1235MN","firstName":"LIAM","lastName":"LOWE","prisonId":"OUT","prisonName":"Outside"},\
        {"prisonerNumber":"M2346NP","firstName":"MARK","lastName":"MOSS"},\
        {"prisonerNumber":"K0123LM","firstName":"KYLE","lastName":"KEMP","prisonId":"TRN","prisonName":"Transfer"}]
        """
      #expect(answer.text == expected)
    }
  }

  @Test("Fields given one by one give just those")
  func repeatedFields() async throws {
    try await with { _, url async throws in
      let query =
        "?responseFields=prisonerNumber&responseFields=bookingId&responseFields=recall"
        + "&responseFields=lastMovementTypeCode&responseFields=lastMovementReasonCode"
      let object = try #require(try await ask(url, query, ["L1235MN"]).jsonArray().first)
      #expect(
        Set(object.keys)
          == ["prisonerNumber", "bookingId", "recall", "lastMovementTypeCode", "lastMovementReasonCode"]
      )
      #expect(object["lastMovementTypeCode"] as? String == "REL")
    }
  }

  @Test("Without the parameter all fields come", arguments: ["/prisoner/A1234BC", nil])
  func allFields(path: String?) async throws {
    try await with { _, url async throws in
      let object =
        if let path { try await Loopback.send(.get, url + path, Self.bearer).json() } else {
          try #require(try await ask(url, "", ["A1234BC"]).jsonArray().first)
        }
      for key in ["prisonerNumber", "bookingId", "legalStatus", "cellLocation"] {
        #expect(object[key] != nil)
      }
    }
  }

  @Test("1 to 1,000 numbers are answered, none and 1,001 are 400")
  func count() async throws {
    try await with { _, url async throws in
      let numbers = (0..<1001).map { "Z\(1000 + $0)ZZ" }
      #expect(try await ask(url, "", Array(numbers.prefix(1000))).text == "[]")
      #expect(try await ask(url, "", numbers).status == .badRequest)
      #expect(try await ask(url, "", []).status == .badRequest)
    }
  }

  @Test(
    "A body that is not the object asked for is 400",
    arguments: ["", "[]", "{", #"{"prisonerNumbers":"A"}"#]
  )
  func badBody(body: String) async throws {
    try await with { _, url async throws in
      let answer = try await Loopback.send(
        .post,
        url + "/prisoner-search/prisoner-numbers",
        Self.bearer,
        body: body
      )
      #expect(answer.status == .badRequest)
    }
  }

  @Test("Without a bearer token it is 401, but for the health ping")
  func token() async throws {
    try await with { _, url async throws in
      #expect(try await ask(url, "", ["A1234BC"], fields: [:]).status == .unauthorized)
      #expect(try await Loopback.send(.get, url + "/prisoner/A1234BC").status == .unauthorized)
      #expect(try await Loopback.send(.get, url + "/health/ping").text == #"{"status":"UP"}"#)
    }
  }

  @Test("A prisoner by number, and 404 for an unknown one")
  func byNumber() async throws {
    try await with { _, url async throws in
      let known = try await Loopback.send(.get, url + "/prisoner/E5678FG", Self.bearer)
      #expect(try known.json()["prisonName"] as? String == "Leeds (HMP)")
      #expect(try await Loopback.send(.get, url + "/prisoner/X9999XX", Self.bearer).status == .notFound)
    }
  }

  private func numbers(_ answer: ClientResponse) throws -> [String] {
    try #require(try answer.json()["content"] as? [[String: Any]]).compactMap {
      $0["prisonerNumber"] as? String
    }
  }

  @Test("The prisoners of a prison, by words, sorted and in pages")
  func ofPrison() async throws {
    try await with { _, url async throws in
      func ask(_ query: String) async throws -> ClientResponse {
        try await Loopback.send(.get, url + "/prison/MDI/prisoners?\(query)", Self.bearer)
      }
      let all = try await ask("term=&size=20&page=0&sort=lastName,DESC")
      #expect(try numbers(all).count == 20 && numbers(all).prefix(2) == ["R4023MV", "R4022MV"])
      let inside = SamplePrisoner.all.filter { $0.prisonID == "MDI" }.count
      #expect(inside > 25)
      #expect(try all.json()["totalElements"] as? Int == inside)
      let rest = try await ask("term=&size=20&page=1&sort=lastName,DESC")
      #expect(try Set(numbers(all) + numbers(rest)).count == inside)
      #expect(try numbers(try await ask("term=adam+arch")) == ["A1234BC"])
      #expect(try numbers(try await ask("term=c3456de")) == ["C3456DE"])
      let second = try await ask("size=\(inside - 1)&page=1&sort=lastName,ASC")
      #expect(try numbers(second) == ["R4023MV"] && second.json()["totalPages"] as? Int == 2)
      #expect(try numbers(try await ask("size=0&page=-3&sort=x")).count == 1)
      #expect(try numbers(try await ask("size=3000&page=99999999999999999999")).count == inside)
    }
  }

  @Test(
    "The global search finds by number or names, inside or outside",
    arguments: [
      (#"{"prisonerIdentifier":"l1235mn","location":"ALL"}"#, ["L1235MN"]),
      (#"{"prisonerIdentifier":"L1235MN","location":"IN"}"#, []),
      (#"{"lastName":"low","location":"OUT","includeAliases":true}"#, ["L1235MN"]),
      (#"{"firstName":"KYLE","lastName":"KEMP"}"#, ["K0123LM"]),
    ]
  )
  func global(body: String, expected: [String]) async throws {
    try await with { _, url async throws in
      let answer = try await Loopback.send(
        .post,
        url + "/global-search?size=20&page=0",
        Self.bearer,
        body: body
      )
      #expect(try numbers(answer) == expected)
    }
  }

  @Test("A search for nobody is 400", arguments: ["/global-search", "/prisoner-search/match-prisoners"])
  func searchForNobody(path: String) async throws {
    try await with { _, url async throws in
      for body in ["{}", "[]", "{"] {
        #expect(try await Loopback.send(.post, url + path, Self.bearer, body: body).status == .badRequest)
      }
    }
  }

  @Test("Restricted patients are found as such, also in the prison that supports them")
  func patients() async throws {
    try await with { search, url async throws in
      search.patients = {
        [
          "N3457PQ": SearchedPatient(
            supportingPrisonID: "MDI",
            hospitalID: "HAZLWD",
            hospitalName: "Hazelwood House",
            dischargeDate: "2025-11-03",
            details: nil
          )
        ]
      }
      let path = url + "/restricted-patient-search/match-restricted-patients?size=3000"
      let found = try await Loopback.send(.post, path, Self.bearer, body: #"{"supportingPrisonIds":["MDI"]}"#)
      let patient = try #require((try found.json()["content"] as? [[String: Any]])?.first)
      #expect(patient["prisonerNumber"] as? String == "N3457PQ")
      #expect(patient["dischargedHospitalDescription"] as? String == "Hazelwood House")
      #expect(
        patient["supportingPrisonId"] as? String == "MDI" && patient["restrictedPatient"] as? Bool == true
      )
      let elsewhere = try await Loopback.send(
        .post,
        path,
        Self.bearer,
        body: #"{"supportingPrisonIds":["LEI"]}"#
      )
      #expect(try numbers(elsewhere).isEmpty)
      let match = try await Loopback.send(
        .post,
        url + "/prisoner-search/match-prisoners",
        Self.bearer,
        body: #"{"lastName":"NASH","firstName":"NEIL","prisonIds":["MDI"],"includeAliases":false}"#
      ).jsonArray()
      #expect(match.map { $0["prisonerNumber"] as? String } == ["N3457PQ"])
      #expect(match.first?["conditionalReleaseDate"] as? String == "2099-01-31")
      #expect(match.first?["dateOfBirth"] is String && match.first?["alerts"] is [Any])
    }
  }

  /// docs/contract/restricted-patients.md §13.
  @Test(
    "Who may be moved to a hospital: null nowhere, dates to come, none, past ones, a recall, a life sentence",
    arguments: [
      ("TODD", "2099-01-31", "2099-12-31", false, false), ("ELLIS", nil, nil, false, false),
      ("VAUGHAN", "2025-01-31", "2099-12-31", false, false),
      ("WEBB", "2023-05-31", "2025-05-31", true, false),
      ("YATES", "2020-01-31", nil, false, true),
    ] as [(String, String?, String?, Bool, Bool)]
  )
  func toMove(name: String, release: String?, expiry: String?, isRecall: Bool, isLife: Bool) async throws {
    try await with { _, url async throws in
      let answer = try await Loopback.send(
        .post,
        url + "/prisoner-search/match-prisoners",
        Self.bearer,
        body: #"{"lastName":"\#(name)","prisonIds":["LEI"],"includeAliases":false}"#
      )
      #expect(!answer.text.contains("null"))
      let prisoner = try #require(try answer.jsonArray().first)
      #expect(prisoner["conditionalReleaseDate"] as? String == release)
      #expect(prisoner["sentenceExpiryDate"] as? String == expiry)
      #expect(prisoner["recall"] as? Bool == isRecall && prisoner["indeterminateSentence"] as? Bool == isLife)
    }
  }

  @Test("No sample prisoner has a null, wherever they are, as a patient either")
  func noNulls() async throws {
    try await with { search, url async throws in
      search.patients = {
        [
          "N3457PQ": SearchedPatient(
            supportingPrisonID: "MDI",
            hospitalID: "HAZLWD",
            hospitalName: "Hazelwood House",
            dischargeDate: "2025-11-03",
            details: nil
          )
        ]
      }
      let answer = try await ask(url, "", SamplePrisoner.all.map(\.prisonerNumber))
      #expect(try answer.jsonArray().count == SamplePrisoner.all.count)
      #expect(!answer.text.contains("null"))
    }
  }

  @Test("Faults: a status, a broken body, each as often as asked, then proper answers again")
  func faults() async throws {
    try await with { search, url async throws in
      let path = "/prisoner-search/prisoner-numbers"
      search.faults.set(.status(.serviceUnavailable), for: path, count: 1)
      #expect(try await ask(url, "", ["A1234BC"]).status == .serviceUnavailable)
      #expect(try await ask(url, "", ["A1234BC"]).status == .ok)
      search.faults.set(.brokenBody, for: path)
      let broken = try await ask(url, "", ["A1234BC"])
      #expect(broken.status == .ok && (try? broken.jsonArray()) == nil)
      search.faults.clear()
      #expect(try await ask(url, "", ["A1234BC"]).jsonArray().count == 1)
    }
  }

  @Test("Faults: a request that hangs is answered when the faults are cleared")
  func hang() async throws {
    try await with { search, url async throws in
      search.faults.set(.hang, for: "/prisoner-search/prisoner-numbers")
      await #expect(throws: HTTPClientError.self) {
        _ = try await ask(url, "", ["A1234BC"], within: .milliseconds(50))
      }
      async let answer = ask(url, "", ["A1234BC"])
      try await eventually("the requests hang") { search.faults.hanging == 2 }
      search.faults.clear()
      #expect(try await answer.status == .ok)
    }
  }

  @Test("Faults: a delay answers late, and properly")
  func delay() async throws {
    try await with { search, url async throws in
      search.faults.set(.delay(.milliseconds(30)), for: "/health/ping")
      let start = ContinuousClock.now
      #expect(try await Loopback.send(.get, url + "/health/ping").status == .ok)
      #expect(ContinuousClock.now - start >= .milliseconds(30))
    }
  }

  @Test("Sample prisoners have the contract's numbers, once each, and several kinds of place")
  func samples() {
    let numbers = SamplePrisoner.all.map(\.prisonerNumber)
    #expect(Set(numbers).count == numbers.count)
    for number in numbers { #expect(number.wholeMatch(of: /[A-Z][0-9]{4}[A-Z]{2}/) != nil) }
    let places = Set(SamplePrisoner.all.map(\.prisonID))
    #expect(places.isSuperset(of: ["MDI", "LEI", "WWI", "TRN", "OUT", nil]))
  }
}
