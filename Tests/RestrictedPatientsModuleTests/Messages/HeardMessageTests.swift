import ModuleKit
import ServiceKit
import Testing
import Text
import Time

@testable import Events
@testable import RestrictedPatientsModule

@Suite("What the module hears of others (docs/contract/restricted-patients.md §10)")
struct HeardMessageTests {
  private static func read(_ events: ConsumedEvents, _ text: String) throws -> any BusEvent {
    try events.read(IncomingMessage(eventType: nil, text: Array(text.utf8)))
  }

  @Test("a merge names both prisoners")
  func merged() throws {
    let event = try Self.read(
      .domainEvents,
      #"{"eventType":"prison-offender-events.prisoner.merged","additionalInformation":{"nomsNumber":"A23456","removedNomsNumber":"A12345"}}"#
    )
    #expect(event as? PrisonerMerged == PrisonerMerged(removed: "A12345", kept: "A23456"))
  }

  @Test("a release names the prisoner and the reason, which may be a number")
  func released() throws {
    let event = try Self.read(
      .domainEvents,
      #"{"eventType":"prisoner-offender-search.prisoner.released","additionalInformation":{"nomsNumber":"A1","reason":7}}"#
    )
    #expect(event as? PrisonerReleased == PrisonerReleased(number: "A1", reason: "7"))
  }

  @Test("a reception has a time of either queue's form, or an unknown one")
  func received() throws {
    func domain(_ time: String) throws -> PrisonerReceived? {
      try Self.read(
        .domainEvents,
        #"{"eventType":"prison-offender-events.prisoner.received","occurredAt":"\#(time)","additionalInformation":{"nomsNumber":"A1"}}"#
      ) as? PrisonerReceived
    }
    func offender(_ time: String) throws -> PrisonerReceived? {
      try Self.read(
        .offenderEvents,
        #"{"eventType":"OFFENDER_MOVEMENT-RECEPTION","movementDateTime":"\#(time)","offenderIdDisplay":"A1"}"#
      ) as? PrisonerReceived
    }
    #expect(
      try domain("2020-10-10T00:00:00+01:00") == PrisonerReceived(number: "A1", time: .instant(Patients.now))
    )
    #expect(try domain("yesterday") == PrisonerReceived(number: "A1", time: .unknown))
    #expect(
      try offender("2020-10-10T00:00:00")
        == PrisonerReceived(number: "A1", time: .local(try Patients.time("2020-10-10T00:00:00")))
    )
    #expect(try offender("yesterday") == PrisonerReceived(number: "A1", time: .unknown))
  }

  @Test("106: another type is an event of no concern, on either queue")
  func unexpected() throws {
    let message = #"{"eventType":"OFFENDER_MOVEMENT-RECEPTION"}"#
    #expect(
      try Self.read(.domainEvents, message) as? UnexpectedEvent
        == UnexpectedEvent(type: "OFFENDER_MOVEMENT-RECEPTION", kind: "domain")
    )
    let other = #"{"eventType":"prison-offender-events.prisoner.merged"}"#
    #expect(
      try Self.read(.offenderEvents, other) as? UnexpectedEvent
        == UnexpectedEvent(type: "prison-offender-events.prisoner.merged", kind: "offender")
    )
    let untyped = #"{"additionalInformation":{"nomsNumber":"A12345"}}"#
    #expect(
      try Self.read(.domainEvents, untyped) as? UnexpectedEvent == UnexpectedEvent(type: nil, kind: "domain")
    )
  }

  @Test(
    "102, 107: what lacks something, or is no object, cannot be read, and the reason quotes nothing",
    arguments: [
      "", "[]", "{", #"{"eventType":"prison-offender-events.prisoner.merged"}"#,
      #"{"eventType":"prisoner-offender-search.prisoner.released","additionalInformation":{"nomsNumber":"A12345"}}"#,
    ]
  )
  func unreadable(text: String) {
    let error = #expect(throws: UnreadableMessage.self) { try Self.read(.domainEvents, text) }
    #expect(error?.description.contains("A12345") == false)
  }

  @Test("90, 91: the error of a merge is the contract's text, word by word")
  func mergeTexts() throws {
    let merge = PrisonerMerged(removed: "A12345", kept: "A23456")
    #expect(
      MergeNotImplemented(merge, concerns: try Patients.patient("A12345")).message
        == "Merge not implemented. Patient A12345 was at hospital HAZLWD but record merged into A23456"
    )
    let kept = MergeNotImplemented(merge, concerns: try Patients.patient("A23456"))
    #expect(
      kept.message
        == "Merge not implemented. Patient A23456 is at hospital HAZLWD.  Record merged from A12345"
    )
    #expect(!kept.description.contains("A23456"))
  }

  @Test("87: what it tells has the type, the text and the prisoner of the change")
  func published() throws {
    let messages = PatientMessages(london: try LondonTime())
    let told = [
      messages.added("A12345", at: Patients.now), messages.removed("A12345", at: Patients.now),
      messages.supportingPrisonChanged("A12345", at: Patients.now),
    ]
    #expect(
      told.map(\.event.eventType) == [
        "restricted-patients.patient.added", "restricted-patients.patient.removed",
        "restricted-patients.patient.supporting-prison-changed",
      ]
    )
    #expect(told.allSatisfy { $0.event.subject == "A12345" && $0.audit == nil })
    #expect(
      String(decoding: try #require(told.first).event.message, as: UTF8.self)
        == #"{"eventType":"restricted-patients.patient.added","additionalInformation":{"prisonerNumber":"A12345"},"#
        + #""version":1,"occurredAt":"2020-10-10T00:00:00+01:00","publishedAt":"2020-10-10T00:00:00+01:00","#
        + #""description":"Prisoner is now a restricted patient","#
        + #""personReference":{"identifiers":[{"type":"NOMS","value":"A12345"}]}}"#
    )
  }
}
