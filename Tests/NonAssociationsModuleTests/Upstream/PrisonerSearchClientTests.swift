import EventLoops
import HTTPTransport
import HTTPTypes
import ServiceKit
import TestKit
import Testing
import Text
import Time

@testable import NonAssociationsModule

@Suite("Asking prisoner search (docs/contract/non-associations.md §9, §15 rows 132 to 134)")
struct PrisonerSearchClientTests {
  private static func person(_ number: Int) -> Prisoner {
    Prisoner(prisonerNumber: "N\(number)", firstName: "F\(number)", lastName: "L", prisonID: "MDI")
  }

  /// Runs `body` on a loop, with a double that knows `people`.
  private func ask<Success: Sendable>(
    _ people: [Prisoner],
    timeout: Duration = .seconds(10),
    _ body: @escaping @Sendable (PrisonerSearchClient, SearchDouble) async throws -> Success
  ) async throws -> Success {
    let double = SearchDouble(people, group: try Loops.shared.get())
    return try await Loops.run {
      try await double.withClient(timeout: timeout) { try await body($0, double) }
    }
  }

  private static var deadline: MonotonicInstant { .now() + .seconds(10) }

  private static func error(
    _ search: PrisonerSearchClient,
    _ numbers: [String],
    deadline: MonotonicInstant? = nil
  ) async -> NonAssociationsError? {
    do {
      _ = try await search.prisoners(numbers, deadline: deadline ?? Self.deadline)
      return nil
    } catch {
      return error as? NonAssociationsError
    }
  }

  private static func refused(_ code: Int, _ reason: String) -> NonAssociationsError {
    .upstream(.refused(.init(code: code, reason: reason, place: PrisonerSearchClient.place)))
  }

  @Test("No numbers, no call; one token for many calls (132, 134)")
  func empty() async throws {
    try await ask((0..<7).map(Self.person)) { search, double in
      let nobody = try await search.prisoners([], deadline: Self.deadline)
      #expect(nobody.isEmpty)
      #expect(double.calls.isEmpty)
      for _ in 0..<5 {
        let seven = try await search.prisoners((0..<7).map { "N\($0)" }, deadline: Self.deadline)
        #expect(seven.count == 7)
      }
      #expect(double.calls.count == 5)
      #expect(double.tokensGranted == 1)
    }
  }

  @Test(
    "Path, fields, body and token are the contract's; doubles are asked once, in the order they came (134)"
  )
  func wire() async throws {
    try await ask((0..<3).map(Self.person)) { search, double in
      _ = try await search.prisoners(["N2", "N0", "N2", "N1", "N0"], deadline: Self.deadline)
      let call = try #require(double.calls.first)
      #expect(
        call.target
          == "/base/prisoner-search/prisoner-numbers?responseFields=prisonerNumber%2CfirstName%2ClastName%2CprisonId"
          + "%2CprisonName%2CcellLocation"
      )
      #expect(call.numbers == ["N2", "N0", "N1"])
      #expect(call.authorization == "Bearer token-1")
      #expect(call.contentType == "application/json")
    }
  }

  @Test("2,000 numbers are three calls of 900, 900 and 200, merged (132)")
  func chunks() async throws {
    try await ask((0..<2000).map(Self.person)) { search, double in
      let found = try await search.prisoners((0..<2000).map { "N\($0)" }, deadline: Self.deadline)
      #expect(found.count == 2000)
      #expect(found["N1999"]?.firstName == "F1999")
      #expect(double.calls.map(\.numbers.count).sorted() == [200, 900, 900])
    }
  }

  @Test("Everybody who is missing is named, in the order asked for (133)")
  func missing() async throws {
    try await ask([Self.person(1)]) { search, _ in
      #expect(await Self.error(search, ["N9", "N1", "N0"]) == .missingPrisoners(["N9", "N0"]))
    }
  }

  @Test("Other answers are told by their code; the texts name no host")
  func refused() async throws {
    try await ask([]) { search, double in
      double.answerNext(
        ServerResponse(status: .notFound),
        ServerResponse(status: .internalServerError),
        ServerResponse(status: HTTPResponse.Status(code: 503, reasonPhrase: "Go Away")),
        ServerResponse(status: .ok, body: Array("<html>".utf8))
      )
      #expect(await Self.error(search, ["N1"]) == Self.refused(404, "Not Found"))
      #expect(await Self.error(search, ["N1"]) == Self.refused(500, "Internal Server Error"))
      #expect(await Self.error(search, ["N1"]) == Self.refused(503, "Service Unavailable"))
      guard case .upstream(.unreadable(let text, _)) = await Self.error(search, ["N1"]) else {
        Issue.record("an HTML page was taken for prisoners")
        return
      }
      #expect(text == "Unreadable answer from POST /prisoner-search/prisoner-numbers")
    }
  }

  @Test("A token that was withdrawn is replaced and the question asked once more, not twice")
  func evicted() async throws {
    try await ask([Self.person(1)]) { search, double in
      _ = try await search.prisoners(["N1"], deadline: Self.deadline)
      double.withdrawTokens()
      let found = try await search.prisoners(["N1"], deadline: Self.deadline)
      #expect(found.count == 1)
      #expect(double.tokensGranted == 2)
      #expect(double.calls.count == 3)
      double.answerNext(
        ServerResponse(status: .unauthorized),
        ServerResponse(status: .unauthorized),
        ServerResponse(status: .unauthorized)
      )
      #expect(await Self.error(search, ["N1"]) == Self.refused(401, "Unauthorized"))
      #expect(double.calls.count == 5)
    }
  }

  @Test("The request's deadline and the time-out both end the wait")
  func deadlines() async throws {
    try await ask([], timeout: .zero) { search, _ in
      guard case .upstream(.noAnswer) = await Self.error(search, ["N1"]) else {
        Issue.record("no time was enough")
        return
      }
    }
    try await ask([]) { search, _ in
      guard case .upstream(.noAnswer) = await Self.error(search, ["N1"], deadline: .now()) else {
        Issue.record("no time was enough")
        return
      }
    }
  }
}
