import Events
import ModuleKit
import ServiceKit
import Testing
import Time

@testable import RestrictedPatientsModule

@Suite(
  "What is published of a change and noted of it (docs/contract/restricted-patients.md §8, §9)"
)
struct PublishedMessageTests {
  private typealias Message = @Sendable (PatientMessages, String, Timestamp) -> ChangeMessages

  private static let kinds: [(type: String, text: String, message: Message)] = [
    ("added", "Prisoner is now a restricted patient", { $0.added($1, at: $2) }),
    ("removed", "Prisoner no longer a restricted patient", { $0.removed($1, at: $2) }),
    (
      "supporting-prison-changed", "Supporting prisoner changed for restricted patient",
      { $0.supportingPrisonChanged($1, at: $2) }
    ),
  ]

  @Test(
    "Events are the samples, byte for byte, with London's offset in summer and in winter",
    arguments: [
      ("2020-10-09T23:00:00Z", "2020-10-10T00:00:00+01:00"),
      ("2020-12-10T00:00:00.5Z", "2020-12-10T00:00:00.5Z"),
      // The hour that comes twice: its second time.
      ("2020-10-25T01:30:00.123456Z", "2020-10-25T01:30:00.123456Z"),
      ("2020-10-25T00:30:00Z", "2020-10-25T01:30:00+01:00"),
    ]
  )
  func bytes(time: String, occurredAt: String) throws {
    let messages = PatientMessages(london: try LondonTime())
    let now = try #require(Timestamp(offsetText: time))
    for (type, text, message) in Self.kinds {
      let messages = message(messages, "A\"12345", now)
      #expect(messages.audit == nil)
      #expect(messages.event.eventType == "restricted-patients.patient.\(type)")
      #expect(messages.event.subject == "A\"12345")
      #expect(
        String(decoding: messages.event.message, as: UTF8.self)
          == #"{"eventType":"restricted-patients.patient.\#(type)","additionalInformation":{"prisonerNumber":"A\"12345"},"#
          + #""version":1,"occurredAt":"\#(occurredAt)","publishedAt":"\#(occurredAt)","description":"\#(text)","#
          + #""personReference":{"identifiers":[{"type":"NOMS","value":"A\"12345"}]}}"#
      )
    }
  }

  @Test("Telemetry names the record of a change, and times without their seconds if there are none")
  func telemetry() throws {
    let patient = try Patients.patient(discharged: "2020-10-09T00:00:00")
    let record = [
      "prisonerNumber": "A12345", "fromLocationId": "MDI", "hospitalLocationCode": "HAZLWD",
      "supportingPrisonId": "LEI", "dischargeTime": "2020-10-09T00:00",
    ]
    let events: [(TelemetryEvent, String)] = [
      (.discharged(patient), "restricted-patient-added-discharge"),
      (.migrated(patient), "restricted-patient-added-migrate"),
      (.addedByEvent(patient), "restricted-patient-added-released"),
      (.removed(patient), "restricted-patient-removed"),
    ]
    for (event, name) in events {
      #expect(event.name == name)
      #expect(event.properties == record)
    }
    let lists = AgencyLists(
      prisons: [Patients.otherPrison],
      hospitals: [],
      secureHospitals: [Patients.hospital]
    )
    let changed = TelemetryEvent.supportingPrisonChanged(PatientDetails(patient, lists))
    #expect(changed.name == "restricted-patient-changed-supporting-prison")
    var known = record
    known["fromLocationId"] = nil
    #expect(changed.properties == known)
  }

  @Test("What nobody was told of before is noted by number, and who decided")
  func decisions() {
    let events: [(TelemetryEvent, String, [String: String])] = [
      (.removedOnReception("A1"), "restricted-patient-removed-cleanup", ["prisonerNumber": "A1"]),
      (.receptionIgnored("A1"), "restricted-patient-reception-ignored", ["prisonerNumber": "A1"]),
      (
        .mergeStuck(removed: "A1", kept: "B2"), "restricted-patient-merge-stuck",
        ["nomsNumber": "B2", "removedNomsNumber": "A1"]
      ),
      (
        .mergeResolved(removed: "A1", kept: "B2", "MOVE", by: "U"),
        "restricted-patient-merge-resolved",
        ["nomsNumber": "B2", "removedNomsNumber": "A1", "resolution": "MOVE", "username": "U"]
      ),
      (
        .outcomeUnknown("A1", "ADD"), "restricted-patient-outcome-unknown",
        ["prisonerNumber": "A1", "operation": "ADD"]
      ),
      (
        .outcomeSettled("A1", by: "U"), "restricted-patient-outcome-settled",
        ["prisonerNumber": "A1", "username": "U"]
      ),
      (
        .batchRemoval(["A1", "B2"]), "restricted-patient-batch-removal",
        ["prisonerNumbers": "A1, B2"]
      ),
      (.batchUndecided(["A1"]), "restricted-patient-batch-undecided", ["prisonerNumbers": "A1"]),
    ]
    for (event, name, properties) in events {
      #expect(event.name == name)
      #expect(event.properties == properties)
    }
  }
}
