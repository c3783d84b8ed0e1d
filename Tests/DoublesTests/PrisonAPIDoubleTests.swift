import HTTPTransport
import HTTPTypes
import JSON
import ServiceKit
import Testing

@testable import Doubles

/// The double of prison API on real sockets.
@Suite("Double of prison API")
struct PrisonAPIDoubleTests {
  private static let bearer: HeaderFields = [.authorization: "Bearer x", .contentType: "application/json"]

  private func with(_ body: (PrisonAPIDouble, _ url: String) async throws -> Void) async throws {
    let prisonAPI = try PrisonAPIDouble()
    try await Loopback.serving({ await prisonAPI.respond(to: $0) }) { try await body(prisonAPI, $0) }
  }

  private static let discharge =
    #"{"dischargeTime":"2026-01-15T10:20","fromLocationId":"MDI","hospitalLocationCode":"HAZLWD","supportingPrisonId":"MDI"}"#

  @Test("A discharge makes the booking inactive, records the movement, and shows in prisoner search")
  func discharge() async throws {
    try await with { prisonAPI, url async throws in
      let booking = url + "/api/bookings/offenderNo/B2345CD"
      #expect(try await Loopback.send(.get, booking, Self.bearer).json()["activeFlag"] as? Bool == true)
      let path = url + "/api/offenders/B2345CD/discharge-to-hospital"
      let answer = try await Loopback.send(.put, path, Self.bearer, body: Self.discharge)
      #expect(answer.status == .ok)
      #expect(try answer.json()["offenderNo"] as? String == "B2345CD")
      #expect(try await Loopback.send(.get, booking, Self.bearer).json()["activeFlag"] as? Bool == false)
      let movements = url + "/api/movements/offenders?latestOnly=true&allBookings=false"
      let movement = try await Loopback.send(.post, movements, Self.bearer, body: #"["B2345CD","X9999XX"]"#)
        .jsonArray()
      #expect(movement.count == 1)
      #expect(movement.first?["movementReasonCode"] as? String == "HP")
      #expect(movement.first?["movementTime"] as? String == "10:20:00")
      #expect(prisonAPI.records.prisoner("B2345CD")?.prisonID == "OUT")
    }
  }

  @Test("A movement is for inactive bookings only")
  func movement() async throws {
    try await with { prisonAPI, url async throws in
      func send(_ booking: Int64) async throws -> Int {
        let body =
          #"{"bookingId":\#(booking),"fromAgencyId":"HAZLWD","toAgencyId":"OUT","movementTime":"2026-01-15T10:20:30","movementType":"REL","movementReason":"CR","directionCode":"OUT"}"#
        return try await Loopback.send(.post, url + "/api/movements", Self.bearer, body: body).status.code
      }
      let patient = try #require(prisonAPI.records.prisoner("N3457PQ")?.bookingID)
      let inside = try #require(prisonAPI.records.prisoner("B2345CD")?.bookingID)
      #expect(try await send(patient) == 201)
      #expect(prisonAPI.records.movement(of: "N3457PQ")?.reason == "CR")
      #expect(try await send(inside) == 400)
      #expect(try await send(1) == 404)
    }
  }

  @Test("Agencies by type and by id; unknown ones and unknown prisoners are 404; a token is needed")
  func agencies() async throws {
    try await with { _, url async throws in
      let hospitals = try await Loopback.send(.get, url + "/api/agencies/type/HSHOSP", Self.bearer)
        .jsonArray()
      #expect(hospitals.compactMap { $0["agencyId"] as? String } == ["HAZLWD", "STANSD"])
      let one = try await Loopback.send(.get, url + "/api/agencies/MDI", Self.bearer)
      #expect(try one.json()["agencyType"] as? String == "INST")
      for path in ["/api/agencies/ZZZZ", "/api/bookings/offenderNo/X9999XX", "/api/nothing"] {
        #expect(try await Loopback.send(.get, url + path, Self.bearer).status == .notFound)
      }
      #expect(try await Loopback.send(.get, url + "/api/agencies/MDI").status == .unauthorized)
      #expect(try await Loopback.send(.get, url + "/health/ping").status == .ok)
    }
  }

  @Test("A closed agency is there only for who asks for it, and no patient is discharged to it")
  func closedAgencies() async throws {
    try await with { _, url async throws in
      let path = url + "/api/agencies/OLDHSP"
      #expect(try await Loopback.send(.get, path, Self.bearer).status == .notFound)
      #expect(try await Loopback.send(.get, path + "?active=false", Self.bearer).status == .notFound)
      let shown = try await Loopback.send(.get, path + "?activeOnly=false", Self.bearer).json()
      #expect(shown["active"] as? Bool == false)
      let discharge = url + "/api/offenders/B2345CD/discharge-to-hospital"
      let body = Self.discharge.replacing("HAZLWD", with: "OLDHSP")
      #expect(try await Loopback.send(.put, discharge, Self.bearer, body: body).status == .notFound)
    }
  }

  @Test("A discharge before the last movement, and one with a supporting prison that is no code, are refused")
  func refusedDischarges() async throws {
    try await with { prisonAPI, url async throws in
      let path = url + "/api/offenders/B2345CD/discharge-to-hospital"
      for body in [
        Self.discharge.replacing("2026-01-15", with: "2020-01-15"),
        Self.discharge.replacing(#""supportingPrisonId":"MDI""#, with: #""supportingPrisonId":"MDIX""#), "{}",
      ] {
        #expect(try await Loopback.send(.put, path, Self.bearer, body: body).status == .badRequest)
      }
      #expect(prisonAPI.records.prisoner("B2345CD")?.prisonID == "MDI")
    }
  }

  @Test("A discharge of somebody in prison, and a movement, are told to the world; one of a patient is not")
  func events() async throws {
    try await with { prisonAPI, url async throws in
      let (events, continuation) = AsyncStream<PrisonEvent>.makeStream()
      prisonAPI.records.publisher = { continuation.yield($0) }
      func discharge(_ number: String) async throws -> Int {
        let path = url + "/api/offenders/\(number)/discharge-to-hospital"
        return try await Loopback.send(.put, path, Self.bearer, body: Self.discharge).status.code
      }
      #expect(try await discharge("Q5679RS") == 200)
      #expect(try await discharge("B2345CD") == 200)
      var iterator = events.makeAsyncIterator()
      let event = try #require(await iterator.next())
      #expect(event.eventType == "prisoner-offender-search.prisoner.released")
      let message = try JSONObject(JSONValue(parsing: event.message))
      let details = try message.object("additionalInformation")
      #expect(try details.text("nomsNumber") == "B2345CD")
      #expect(try details.text("reason") == "RELEASED_TO_HOSPITAL")
      #expect(try details.text("prisonId") == "MDI")
    }
  }

  @Test("Members without a value are left out: of a booking, an offender, a movement and a user")
  func noNulls() async throws {
    try await with { _, url async throws in
      let bodies = #"["A1234BC","N3457PQ","K0123LM"]"#
      let movements = try await Loopback.send(
        .post,
        url + "/api/movements/offenders?latestOnly=true&allBookings=false",
        Self.bearer,
        body: bodies
      )
      #expect(try movements.jsonArray().count == 3 && !movements.text.contains("null"))
      for path in SamplePrisoner.all.flatMap({
        ["/api/offenders/\($0.prisonerNumber)", "/api/bookings/offenderNo/\($0.prisonerNumber)"]
      }) + ["/api/users/PROBATION_USER"] {
        let answer = try await Loopback.send(.get, url + path, Self.bearer)
        #expect(!answer.text.contains("null"), "\(path): \(answer.text)")
      }
    }
  }

  @Test("What front ends ask for: photograph, offender, user")
  func frontEnds() async throws {
    try await with { _, url async throws in
      let image = url + "/api/bookings/offenderNo/A1234BC/image/data?fullSizeImage=false"
      let photograph = try await Loopback.send(.get, image, Self.bearer)
      #expect(photograph.fields[.contentType] == "image/jpeg" && photograph.body.starts(with: [0xff, 0xd8]))
      let none = image.replacing("A1234BC", with: "M2346NP")
      #expect(try await Loopback.send(.get, none, Self.bearer).status == .notFound)
      let offender = try await Loopback.send(.get, url + "/api/offenders/A1234BC", Self.bearer).json()
      let unit = try #require(offender["assignedLivingUnit"] as? [String: Any])
      #expect(unit["agencyId"] as? String == "MDI" && unit["description"] as? String == "1-1-001")
      #expect(unit["agencyName"] as? String == "Moorland (HMP & YOI)" && unit["locationId"] is Int)
      #expect((offender["alerts"] as? [[String: Any]])?.first?["alertCode"] as? String == "XA")
      #expect(offender["categoryCode"] as? String == "C")
      let user = try await Loopback.send(.get, url + "/api/users/STAFF_USER1", Self.bearer).json()
      #expect(user["firstName"] as? String == "Sam" && user["lastName"] as? String == "Staff")
      #expect(try await Loopback.send(.get, url + "/api/users/NOBODY", Self.bearer).status == .notFound)
    }
  }
}
