import ServiceKit
import SharedAuth
import Testing
import Time

@testable import RestrictedPatientsModule

@Suite("What a deployment may set")
struct SettingsTests {
  @Test("role rules by endpoint; what the service replaced lacks is always guarded")
  func accessRules() throws {
    let rules = try AccessRules(parsing: "discharge=ROLE_A|B, remove=C")
    #expect(rules[.discharge] == .requiresAny(roles: ["ROLE_A", "B"]))
    #expect(rules[.remove] == .requiresAny(roles: ["C"]))
    #expect(rules[.read] == .authenticated)
    #expect(rules[.administration] == .requiresAny(roles: ["RESTRICTED_PATIENTS_ADMIN"]))
    for endpoint in [AccessRules.Endpoint.list, .history] {
      #expect(rules[endpoint] == .requiresAny(roles: ["READ_RESTRICTED_PATIENTS"]))
    }
    #expect(try AccessRules(parsing: "list=X")[.list] == .requiresAny(roles: ["X"]))
    #expect(try AccessRules(parsing: "administration=X")[.administration] == .requiresAny(roles: ["X"]))
  }

  @Test(
    "rules that cannot be read are refused",
    arguments: ["discharge", "discharge=", "nothing=A", "=A", "a=b=c"]
  )
  func unreadable(text: String) {
    #expect(throws: AccessRules.Failure.self) { try AccessRules(parsing: text) }
  }

  @Test(
    "the next moment of a time of day, by London's clocks",
    arguments: [
      // 02:59 and 03:00 GMT on 1 January 2026.
      (1_767_236_340, "03:00", 1_767_236_400), (1_767_236_400, "03:00", 1_767_322_800),
      // 23:30 GMT the day before clocks go forward: 03:00 BST is 02:00 GMT.
      (1_774_740_600, "03:00", 1_774_749_600),
      // 00:10 BST on the day of 25 hours: 03:00 is GMT.
      (1_792_883_400, "03:00", 1_792_897_200),
    ]
  )
  func nextTime(now: Int64, time: String, expected: Int64) throws {
    let london = try LondonTime()
    let next = try #require(TimeOfDay(time)).next(after: Timestamp(seconds: now), london)?.instant
    #expect(next == Timestamp(seconds: expected))
  }

  @Test("what is no time of day", arguments: ["24:00", "3:00", "03:00:00", "03:60", "x", ""])
  func noTime(text: String) { #expect(TimeOfDay(text) == nil) }
}
