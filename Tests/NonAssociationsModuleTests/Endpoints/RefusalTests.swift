import HTTPTransport
import HTTPTypes
import ServiceKit
import Testing
import Text

@testable import NonAssociationsModule

@Suite("Error answers (docs/contract/non-associations.md §6)")
struct RefusalTests {
  private static func refused(_ code: Int, _ reason: String) -> NonAssociationsError {
    .upstream(.refused(.init(code: code, reason: reason, place: PrisonerSearchClient.place)))
  }

  private static let errors: [(NonAssociationsError, Int, String, String, String)] = [
    (
      .notFound(id: 42), 404, "404", "Non-association not found: ",
      "There is no non-association found for ID = 42"
    ),
    (
      .openPairExists(first: "A1234BC", second: "D5678EF"), 409, "101",
      "Non-association already exists for these prisoners that is open: ",
      "Prisoners [A1234BC, D5678EF] already have open non-associations"
    ),
    (
      .nullLocations(["D1234DD"]), 409, "103",
      "Non-association cannot be created when prisoner locations are null: ",
      "Prisoners [D1234DD] have null locations"
    ),
    (
      .noUserInContext, 401, "401", "User in context missing: ",
      "There is no user in context for this request"
    ),
    (
      .missingPrisoners(["X1111TT", "Y2222TT"]), 404, "null", "Missing prisoners: ",
      "Could not find the following prisoners: [X1111TT, Y2222TT]"
    ),
    (
      .neitherOpenNorClosed, 400, "null", "Validation failure: ",
      "includeOpen and includeClosed cannot both be false"
    ),
    (
      .malformedPrisonerNumber(PrisonerNumber.formatMessage), 400, "null", "Validation failure: ",
      "getPrisonerNonAssociations.prisonerNumber: Prisoner number must be in the correct format"
    ),
    (
      refused(404, "Not Found"), 404, "null", "Not Found: ",
      "404 Not Found from POST /prisoner-search/prisoner-numbers"
    ),
    (
      refused(500, "Internal Server Error"), 500, "null", "Unexpected error: ",
      "500 Internal Server Error from POST /prisoner-search/prisoner-numbers"
    ),
    (.upstream(.unreadable(text: "no", cause: "secret")), 500, "null", "Unexpected error: ", "no"),
  ]

  @Test("Every error has its status, code and texts", arguments: errors)
  func answers(to error: NonAssociationsError, status: Int, code: String, prefix: String, text: String) {
    let response = error.body.response
    #expect(response.status.code == status)
    #expect(response.fields[.contentType] == "application/json")
    #expect(
      String(decoding: response.body, as: UTF8.self) == """
        {"status":\(status),"userMessage":"\(prefix)\(text)","developerMessage":"\(text)","errorCode":\(code),\
        "moreInfo":null}
        """
    )
  }

  private static let failures: [(PlatformFailure, Int, String, String)] = [
    (
      .noRoute(path: "foo/bar"), 404, "No resource found: ",
      "No static resource foo/bar for request '/foo/bar'."
    ),
    (.accessDenied, 403, "Forbidden: ", "Access Denied"),
    (
      .methodNotAllowed(method: "DELETE", allow: ["GET"]), 405, "Method not allowed: ",
      "Request method 'DELETE' is not supported"
    ),
    (
      .unsupportedMediaType("text/plain"), 415, "Validation failure: Request format not supported: ",
      "Content-Type 'text/plain' is not supported"
    ),
    (
      .missingBody, 400, "Validation failure: Couldn't read request body: ",
      "Required request body is missing: a JSON value is expected"
    ),
    (.unreadableBody("x"), 400, "Validation failure: Couldn't read request body: ", "JSON parse error: x"),
    (
      .parameterType(name: "id", type: "long"), 400, "Validation failure: ",
      "Parameter id must be of type long"
    ),
    (
      .parameterChoice(name: "sortDirection", allowed: ["ASC", "DESC"]), 400, "Validation failure: ",
      "Parameter sortDirection must be one of the following ASC, DESC"
    ),
    (.bodyTooLarge(limit: 5), 413, "Validation failure: ", "Request body is larger than 5 bytes"),
    (.bodyTooSlow, 408, "Validation failure: ", "Request body came too slowly"),
    (.unavailable(retryAfter: 1), 503, "Service unavailable: ", "The service is too busy, try again in 1 s"),
    (.internalError(correlationID: "ab"), 500, "Unexpected error: ", "Internal error, correlation id ab"),
  ]

  @Test("Platform failures have the same shape and no code", arguments: failures)
  func answers(to failure: PlatformFailure, status: Int, prefix: String, text: String) {
    let response = ErrorBody(failure).response
    #expect(response.status.code == status)
    #expect(
      String(decoding: response.body, as: UTF8.self) == """
        {"status":\(status),"userMessage":"\(prefix)\(text)","developerMessage":"\(text)","errorCode":null,\
        "moreInfo":null}
        """
    )
  }

  @Test("The list of sort keys is the contract's")
  func sortKeys() {
    let failure = PlatformFailure.parameterChoice(name: "sortBy", allowed: SortKey.allCases.map(\.rawValue))
    #expect(
      String(decoding: ErrorBody(failure).response.body, as: UTF8.self).contains(
        """
        "Parameter sortBy must be one of the following WHEN_CREATED, WHEN_UPDATED, WHEN_CLOSED, LAST_NAME, \
        FIRST_NAME, PRISONER_NUMBER, PRISON_ID, PRISON_NAME, CELL_LOCATION"
        """
      )
    )
  }
}

@Suite("Prisoner search's answers (docs/contract/non-associations.md §9.1)")
struct PrisonerSearchAnswerTests {
  private func prisoners(_ json: String) throws -> [ByteText: Prisoner] {
    try PrisonerSearchClient.prisoners(
      in: Array(json.utf8),
      of: UpstreamCall(.post, HTTPURL("https://host/path"), place: PrisonerSearchClient.place)
    )
  }

  @Test("Unknown properties are ignored and places may be null or absent")
  func answer() throws {
    let prisoners = try prisoners(
      """
      [{"prisonerNumber":"A1234BC","firstName":"ANN","lastName":"ADAMS","prisonId":"MDI","prisonName":"Moorland",
        "cellLocation":"A-1","bookingId":1138058,"alerts":[{"x":{}}],"recall":true},
       {"prisonerNumber":"D1234DD","firstName":"LEE","lastName":"LOST","prisonId":null}]
      """
    )
    #expect(prisoners == Fixture.byNumber([Fixture.ann, Fixture.unplaced]))
    #expect(try self.prisoners("[]").isEmpty)
  }

  @Test("A number or a boolean for a text is read as it is written, as the service replaced read it")
  func scalars() throws {
    let prisoners = try prisoners(
      #"[{"prisonerNumber":1,"firstName":true,"lastName":1.50,"prisonId":12,"cellLocation":false}]"#
    )
    let prisoner = try #require(prisoners["1"])
    #expect([prisoner.firstName, prisoner.lastName, prisoner.prisonID] == ["true", "1.50", "12"])
    #expect(prisoner.cellLocation == "false")
  }

  @Test(
    "Anything else is a failure that quotes nothing of it",
    arguments: [
      "", "{}", "null", "[1]", "[{}]", #"[{"prisonerNumber":"A","firstName":"B"}]"#,
      #"[{"prisonerNumber":"A","firstName":"B","lastName":null}]"#,
      #"[{"prisonerNumber":"A","firstName":"B","lastName":"C","prisonId":[1]}]"#,
      #"[{"prisonerNumber":{},"firstName":"B","lastName":"C"}]"#, "[", "[] []", "<html>",
    ]
  )
  func unreadable(json: String) {
    let error = #expect(throws: UpstreamFailure.self) { try prisoners(json) }
    guard case .unreadable(let text, let cause) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(text == "Unreadable answer from POST /prisoner-search/prisoner-numbers")
    #expect(cause.contains(" at byte "))
  }
}
