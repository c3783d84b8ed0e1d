import ServiceKit
import Testing
import Time

@testable import RestrictedPatientsModule

@Suite("The forms of a date-time (docs/contract/restricted-patients.md §3)")
struct LocalDateTimeFormsTests {
  @Test(
    "short form and movement form",
    arguments: [
      ("2020-10-10T00:00:00", "2020-10-10T00:00", "2020-10-10T00:00:00"),
      ("2020-10-10T00:00:01", "2020-10-10T00:00:01", "2020-10-10T00:00:01"),
      ("2020-10-10T10:11:00.1", "2020-10-10T10:11:00.100", "2020-10-10T10:11:00"),
      ("2020-10-10T10:11:12.1234", "2020-10-10T10:11:12.123400", "2020-10-10T10:11:12"),
      ("2020-10-10T10:11:12.12345678", "2020-10-10T10:11:12.123456780", "2020-10-10T10:11:12"),
    ]
  )
  func forms(input: String, short: String, movement: String) throws {
    let time = try #require(LocalDateTime(contractText: input))
    #expect(time.text == input)
    #expect(time.shortText == short)
    #expect(time.secondsText == movement)
  }

  @Test(
    "the time of a movement is strict",
    arguments: [
      ("14:36", "2022-05-20T14:36:00"), ("14:36:13", "2022-05-20T14:36:13"),
      ("14:36:13.5", "2022-05-20T14:36:13.5"), ("14", nil), ("9:36", nil), ("24:00", nil), ("14:36Z", nil),
      ("", nil), (" 14:36", nil), ("14:36 ", nil), (nil, nil),
    ] as [(String?, String?)]
  )
  func movementTime(time: String?, expected: String?) {
    #expect(Movement(date: "2022-05-20", time: time).occurredAt?.text == expected)
    #expect(Movement(date: "2022-02-30", time: time).occurredAt == nil)
    #expect(Movement(date: nil, time: time).occurredAt == nil)
  }
}
