import EventLoops
import HTTPTransport
import HTTPTypes
import Testing

@testable import LocalProfile

/// The double of prison API on real sockets.
@Suite("Development prison API")
struct DevelopmentPrisonAPITests {
  private static let bearer: HeaderFields = [.authorization: "Bearer x", .contentType: "application/json"]

  private func with(_ body: (DevelopmentPrisonAPI, _ url: String) async throws -> Void) async throws {
    let prisonAPI = try DevelopmentPrisonAPI()
    try await Doubles.serving({ await prisonAPI.respond(to: $0) }) { try await body(prisonAPI, $0) }
  }

  private static let discharge =
    #"{"dischargeTime":"2026-01-15T10:20","fromLocationId":"MDI","hospitalLocationCode":"HAZLWD","supportingPrisonId":"MDI"}"#

  @Test("A discharge makes the booking inactive, records the movement, and shows in prisoner search")
  func discharge() async throws {
    try await with { prisonAPI, url async throws in
      let booking = url + "/api/bookings/offenderNo/B2345CD"
      #expect(try await Doubles.send(.get, booking, Self.bearer).json()["activeFlag"] as? Bool == true)
      let path = url + "/api/offenders/B2345CD/discharge-to-hospital"
      let answer = try await Doubles.send(.put, path, Self.bearer, body: Self.discharge)
      #expect(answer.status == .ok)
      #expect(try answer.json()["offenderNo"] as? String == "B2345CD")
      #expect(try await Doubles.send(.get, booking, Self.bearer).json()["activeFlag"] as? Bool == false)
      let movements = url + "/api/movements/offenders?latestOnly=true&allBookings=false"
      let movement = try await Doubles.send(.post, movements, Self.bearer, body: #"["B2345CD","X9999XX"]"#)
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
        return try await Doubles.send(.post, url + "/api/movements", Self.bearer, body: body).status.code
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
      let hospitals = try await Doubles.send(.get, url + "/api/agencies/type/HSHOSP", Self.bearer).jsonArray()
      #expect(hospitals.compactMap { $0["agencyId"] as? String } == ["HAZLWD", "STANSD"])
      let one = try await Doubles.send(.get, url + "/api/agencies/MDI", Self.bearer)
      #expect(try one.json()["agencyType"] as? String == "INST")
      for path in ["/api/agencies/ZZZZ", "/api/bookings/offenderNo/X9999XX", "/api/nothing"] {
        #expect(try await Doubles.send(.get, url + path, Self.bearer).status == .notFound)
      }
      #expect(try await Doubles.send(.get, url + "/api/agencies/MDI").status == .unauthorized)
      #expect(try await Doubles.send(.get, url + "/health/ping").status == .ok)
    }
  }
}
