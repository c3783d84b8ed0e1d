import HTTPTransport
import HTTPTypes
import ServiceKit
import Testing

@testable import RestrictedPatientsModule

@Suite("What each refusal answers (docs/contract/restricted-patients.md §4)")
struct RefusalTests {
  private static let rules: [(RestrictedPatientsError, Int, String, String)] = [
    (.existingPatient("A1"), 400, "EXISTING_PATIENT", "Prisoner (A1) is already a restricted patient"),
    (
      .noMovements("A1"), 400, "NO_MOVEMENTS",
      "Prisoner (A1) does not have the correct latest movements to migrate"
    ),
    (.multipleMovements("A1"), 400, "MULTIPLE_MOVEMENTS", "Prisoner (A1) has multiple latest movements"),
    (.notReleased("A1"), 400, "LAST_MOVE_NOT_REL", "Prisoner (A1) was not released"),
    (
      .noFromAgency("A1"), 400, "LAST_MOVE_NO_FROM_AGENCY",
      "Prisoner (A1) does not have an agency id associated with the last movement"
    ),
    (
      .dischargeTimeInvalid("A1"), 400, "DISCHARGE_TIME_INVALID",
      "Prisoner (A1) does not have a valid movement date/time"
    ),
    (
      .prisonUnchanged("A1", prison: "MDI"), 400, "PRISON_UNCHANGED", "Prisoner (A1) already supported by MDI"
    ),
    (.prisonNotFound("MDI"), 400, "PRISON_NOT_FOUND", "Prison MDI not found"),
    (
      .resolutionImpossible(choices: ["DROP_REMOVED", "MOVE"]), 400, "RESOLUTION_NOT_POSSIBLE",
      "With the records as they are, the choices are: DROP_REMOVED, MOVE"
    ),
  ]

  @Test("a rule has a code, and its text twice", arguments: rules.indices)
  func rule(index: Int) {
    let (error, status, code, text) = Self.rules[index]
    #expect(error.body.status.code == status)
    #expect(error.body.errorCode == code)
    #expect(error.body.userMessage == text)
    #expect(error.body.developerMessage == "Validation failure: \(text)")
    #expect(error.refusal?.name == code)
    #expect(error.refusal?.status.code == status)
    #expect(!error.description.contains("A1"))
  }

  @Test(
    "what may be otherwise later is 503, and says when to ask again",
    arguments: [
      (
        RestrictedPatientsError.underWay("A1"), "CHANGE_UNDER_WAY", "5",
        "Prisoner (A1) is being changed by another request"
      ),
      (
        .outcomeUnknown("A1"), "OUTCOME_UNKNOWN", "30",
        "Whether prison API has made an earlier change of prisoner (A1) is not known"
      ),
    ]
  )
  func later(error: RestrictedPatientsError, code: String, seconds: String, text: String) {
    let response = error.body.response
    #expect(response.status == .serviceUnavailable)
    #expect(response.fields[.retryAfter] == seconds)
    #expect(
      String(decoding: response.body, as: UTF8.self)
        == #"{"status":503,"errorCode":"\#(code)","userMessage":"\#(text)","developerMessage":"\#(text)","moreInfo":null}"#
    )
    #expect(error.refusal?.status == 503)
    #expect(!error.description.contains("A1"))
    #expect(RestrictedPatientsError.existingPatient("A1").body.response.fields[.retryAfter] == nil)
  }

  @Test(
    "what is not found is told to developers alone",
    arguments: [
      (RestrictedPatientsError.notFound("A1"), "No restricted patient record found for prison number A1"),
      (.noActivePrisoner("A1"), "No prisoner with activeFlag 'Y' found for A1"),
      (.noSearchResult("A1"), "No prisoner search results returned for A1"),
      (.noStuckMerge(removed: "A1", kept: "B2"), "No stuck merge of A1 into B2"),
      (.noUnknownOutcome("A1"), "No change of A1 whose outcome is unknown"),
    ]
  )
  func missing(error: RestrictedPatientsError, text: String) {
    #expect(error.body.status == .notFound)
    #expect(error.body.errorCode == nil)
    #expect(error.body.userMessage == nil)
    #expect(error.body.developerMessage == text)
    #expect(error.refusal?.status.code == 404)
    #expect(!error.description.contains("A1"))
  }

  @Test("another service's failure is an error of this one, and no refusal")
  func upstream() {
    let refused = RestrictedPatientsError.upstream(
      .refused(.init(code: 503, reason: "Service Unavailable", place: "GET http://host/path"))
    )
    #expect(refused.body.status.code == 500)
    #expect(refused.body.errorCode == "UPSTREAM_ERROR")
    #expect(refused.body.userMessage == nil)
    #expect(refused.body.developerMessage == "503 Service Unavailable from GET http://host/path")
    let silent = RestrictedPatientsError.upstream(
      .noAnswer(text: "No answer", cause: "cut off", mayHaveHappened: true)
    )
    #expect(silent.body.status.code == 500)
    #expect(silent.body.errorCode == nil)
    #expect(silent.body.userMessage == "Unexpected error: No answer")
    #expect(refused.refusal == nil)
    #expect(silent.refusal == nil)
  }
}
