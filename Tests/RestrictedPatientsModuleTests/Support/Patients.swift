import Time

@testable import RestrictedPatientsModule

/// The people, places and times of the tests.
enum Patients {
  /// 2020-10-10T00:00 in London, which is an hour ahead of UTC then.
  static let now = Timestamp(seconds: 1_602_284_400)

  static func time(_ text: String) throws -> LocalDateTime {
    guard let time = LocalDateTime(contractText: text) else { throw NoTime(text: text) }
    return time
  }

  struct NoTime: Error { let text: String }

  /// A patient in whose record every value differs.
  static func patient(
    _ number: String = "A12345",
    prison: String = "MDI",
    discharged: String = "2020-10-09T10:11:12.123456"
  ) throws -> RestrictedPatient {
    RestrictedPatient(
      prisonerNumber: number,
      fromLocationID: prison,
      hospitalLocationCode: "HAZLWD",
      supportingPrisonID: "LEI",
      dischargeTime: try time(discharged),
      commentText: "a comment",
      createdAt: try time("2020-10-09T11:00:00"),
      createdBy: "CREATOR",
      modifiedAt: try time("2020-10-09T12:00:00"),
      modifiedBy: "EDITOR"
    )
  }

  static let hospital = Agency(id: "HAZLWD", description: "Hazelwood House", type: "HSHOSP")
  static let prison = Agency(id: "MDI", description: "Moorland", type: "INST")
  static let otherPrison = Agency(id: "LEI", description: "Leeds", type: "INST")

  static func movement(_ change: (inout Movement) -> Void = { _ in }) -> Movement {
    var movement = Movement(
      fromAgency: "MDI",
      toAgency: "HAZLWD",
      type: "REL",
      reasonCode: "HP",
      date: "2022-05-20",
      time: "14:36:13",
      commentText: "Psychiatric discharge"
    )
    change(&movement)
    return movement
  }
}
