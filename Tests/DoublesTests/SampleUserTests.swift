import Crypto
import HTTPTypes
import JSON
import ServiceKit
import SharedAuth
import TestKit
import Testing
import Time

@testable import Doubles

@Suite("Sample users")
struct SampleUserTests {
  @Test("Names and ids are unique, caseloads are prisons, and letter case does not matter")
  func unique() {
    let users = SampleUser.all
    #expect(Set(users.map(\.username)).count == users.count)
    #expect(Set(users.map(\.userUUID)).count == users.count)
    let prisons = Set(SampleAgency.all.filter { !$0.isHospital }.map(\.id))
    #expect(users.allSatisfy { prisons.isSuperset(of: $0.caseloads) })
    #expect(SampleUser.named("staff_user1")?.name == "Sam Staff")
    #expect(SampleUser.named("NOBODY") == nil)
  }

  @Test(
    "Every role of the permission rules and of the restricted patients' journeys has somebody with and without"
  )
  func coverage() {
    for role in [
      "PRISON", "NON_ASSOCIATIONS", "GLOBAL_SEARCH", "INACTIVE_BOOKINGS", "TRANSFER_RESTRICTED_PATIENT",
      "REMOVE_RESTRICTED_PATIENT", "RESTRICTED_PATIENT_MIGRATION", "SEARCH_RESTRICTED_PATIENT",
      "NON_ASSOCIATIONS_API_QUEUE_ADMIN", "SYSCON__QUEUE_ADMIN",
    ] {
      #expect(SampleUser.all.contains { $0.roles.contains(role) }, "\(role)")
      #expect(SampleUser.all.contains { !$0.roles.contains(role) }, "\(role)")
    }
  }

  /// docs/contract/upstreams.md §2.4.
  @Test("A user's token verifies elsewhere and has the contract's claims; an expired one can be had")
  func token() async throws {
    let auth = AuthDouble(key: try SigningKey.generate(), clock: SystemClock())
    let user = try #require(SampleUser.named("STAFF_USER2"))
    let text = try auth.token(for: user, client: .nonAssociationsSignIn)
    let expired = try auth.token(for: user, client: .nonAssociationsSignIn, lifetime: .seconds(-120))
    try await Loopback.serving({ await auth.respond(to: $0) }) { url in
      let keySet = try await Loopback.send(.get, url + "/auth/.well-known/jwks.json").text
      let claims = try VerifiedToken(text, keySet: keySet).claims
      #expect(claims["sub"] as? String == "STAFF_USER2")
      #expect(claims["user_name"] as? String == "STAFF_USER2")
      #expect(claims["client_id"] as? String == "hmpps-non-associations-ui-client")
      #expect(claims["auth_source"] as? String == "nomis")
      #expect(claims["grant_type"] as? String == "authorization_code")
      #expect(claims["name"] as? String == "Tina Taylor")
      #expect(claims["user_id"] as? String == "100002")
      #expect(claims["user_uuid"] as? String == user.userUUID)
      #expect(
        claims["authorities"] as? [String] == ["ROLE_PRISON", "ROLE_NON_ASSOCIATIONS", "ROLE_GLOBAL_SEARCH"]
      )
      #expect(claims["scope"] as? [String] == ["read"])
      let payload = try #require(Base64URL.decode(String(expired.split(separator: ".")[1])))
      let old = try JSONObject(JSONValue(parsing: payload)).text("exp")
      #expect(try #require(Int64(old)) < SystemClock().now().seconds - 60)
    }
  }
}
