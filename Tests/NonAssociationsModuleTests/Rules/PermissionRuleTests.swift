import Testing

@testable import NonAssociationsModule

@Suite("The two truth tables of docs/contract/permissions.md")
struct PermissionRuleTests {
  typealias Place = UserPermissions.Place

  private static let places: [Place] = [.caseload, .otherPrison, .transfer, .outside, .unknown]
  /// Rows and columns in the order C P T O N, the upper half. `-` none, `x` never.
  private static let tables: [(UserPermissions.Policy, [[String]])] = [
    (
      .documented,
      [["-", "G", "G", "I", "x"], ["x", "x", "x", "x"], ["G", "GI", "x"], ["I", "x"], ["x"]]
    ),
    (
      .frontend,
      [["-", "-", "-", "-", "x"], ["x", "x", "x", "x"], ["G", "GI", "x"], ["I", "x"], ["x"]]
    ),
  ]

  @Test("Every cell, both ways, for users without either role, with each, and with both")
  func tables() {
    for (policy, table) in Self.tables {
      for extra in [[], ["G"], ["I"], ["G", "I"]] {
        let names = ["G": "GLOBAL_SEARCH", "I": "INACTIVE_BOOKINGS"]
        let roles = ["PRISON", "ROLE_NON_ASSOCIATIONS"] + extra.compactMap { names[$0] }
        let user = UserPermissions(roles: roles, caseloads: ["MDI"], policy: policy)
        for (row, cells) in table.enumerated() {
          for (column, cell) in cells.enumerated() {
            let (first, second) = (Self.places[row], Self.places[row + column])
            let isAllowed =
              cell != "x" && cell.filter { $0 != "-" }.allSatisfy { extra.contains(String($0)) }
            for action in [UserPermissions.Action.add, .update, .close] {
              #expect(
                user.decision(action, first, second).isAllowed == isAllowed,
                "\(policy) \(first) \(second)"
              )
              #expect(user.decision(action, second, first).isAllowed == isAllowed)
            }
          }
        }
      }
    }
  }

  @Test(
    "Viewing needs PRISON; changing both roles, whatever else there is; deleting and re-opening is not for users"
  )
  func roles() {
    let all = ["PRISON", "NON_ASSOCIATIONS", "GLOBAL_SEARCH", "INACTIVE_BOOKINGS"]
    for missing in ["PRISON", "NON_ASSOCIATIONS"] {
      let user = UserPermissions(roles: all.filter { $0 != missing }, caseloads: ["MDI"])
      #expect(user.decision(.view, .unknown, .otherPrison).isAllowed == (missing != "PRISON"))
      let add = user.decision(.add, .caseload, .transfer)
      #expect(!add.isAllowed)
      #expect(add.rule.hasSuffix("lacks \(missing)"))
    }
    let user = UserPermissions(roles: all, caseloads: ["MDI"])
    for action in [UserPermissions.Action.delete, .reopen] {
      #expect(!user.decision(action, .caseload, .caseload).isAllowed)
    }
  }

  @Test("Places: TRN and OUT are nobody's caseloads; nothing is no place")
  func placesOfPrisons() {
    let user = UserPermissions(roles: [], caseloads: ["MDI", "TRN", "OUT"])
    #expect(
      ["MDI", "LEI", "TRN", "OUT", nil].map { user.place(ofPrison: $0) } == Self.places
    )
  }

  @Test("Profiles: in a caseload; in transfer or outside with the further role; never elsewhere")
  func profiles() {
    func allowed(_ roles: [String]) -> [Bool] {
      let user = UserPermissions(roles: roles, caseloads: ["MDI"])
      return Self.places.map { user.profileDecision($0).isAllowed }
    }
    #expect(allowed(["PRISON"]) == [true, false, false, false, false])
    #expect(allowed(["PRISON", "GLOBAL_SEARCH"]) == [true, false, true, false, false])
    #expect(allowed(["PRISON", "INACTIVE_BOOKINGS"]) == [true, false, false, true, false])
    #expect(allowed(["GLOBAL_SEARCH", "INACTIVE_BOOKINGS"]) == [false, false, false, false, false])
  }
}
