import HTTPTransport
import HTTPTypes
import ServiceKit
import Testing
import Time

@testable import Doubles

/// docs/contract/upstreams.md §5.
@Suite("Double of Digital Prison Services")
struct DPSDoubleTests {
  private func with(
    _ prisoners: [SamplePrisoner] = SamplePrisoner.all,
    _ body: (PrisonRecords, _ url: String) async throws -> Void
  ) async throws {
    let records = PrisonRecords(prisoners: prisoners, clock: SystemClock())
    let dps = DPSDouble(records: records)
    try await Loopback.serving({ dps.respond(to: $0) ?? .notFound }) { try await body(records, $0) }
  }

  @Test("Everybody is there, with links into both front ends, wherever they are now")
  func home() async throws {
    try await with { records, url async throws in
      let page = try await Loopback.send(.get, url + "/")
      #expect(page.status == .ok && page.fields[.contentType] == "text/html;charset=utf-8")
      for prisoner in SamplePrisoner.all {
        #expect(page.text.contains(#"<a href="/prisoner/\#(prisoner.prisonerNumber)">"#))
      }
      #expect(page.text.contains(#"href="http://localhost:3000/prisoner/A1234BC/non-associations""#))
      #expect(page.text.contains(#"href="http://localhost:3001/move-to-hospital""#))
      #expect(page.text.contains("<caption>Moorland (HMP &amp; YOI)</caption>"))
      _ = try records.merge(removed: "A1234BC", kept: "B2345CD")
      #expect(try await !Loopback.send(.get, url + "/").text.contains("A1234BC"))
    }
  }

  @Test("A prisoner's page has the journeys for where they are, and leads to a case note and back")
  func prisoner() async throws {
    try await with { _, url async throws in
      let inside = try await Loopback.send(.get, url + "/prisoner/A1234BC").text
      #expect(inside.contains("Archer, Adam") && inside.contains("1-1-001"))
      #expect(inside.contains("/move-to-hospital") && !inside.contains("/change-supporting-prison"))
      let patient = try await Loopback.send(.get, url + "/prisoner/N3457PQ").text
      #expect(patient.contains("/change-supporting-prison") && !patient.contains("/move-to-hospital"))
      #expect(inside.contains(#"href="/prisoner/A1234BC/add-case-note""#))
      let note = try await Loopback.send(.get, url + "/prisoner/A1234BC/add-case-note")
      #expect(note.status == .ok && note.text.contains(#"href="/prisoner/A1234BC""#))
      #expect(try await Loopback.send(.get, url + "/prisoner/A1234BC/other").status == .notFound)
      #expect(try await Loopback.send(.post, url + "/prisoner/A1234BC").status == .notFound)
    }
  }

  @Test("Names and numbers are texts on every page, whatever they hold")
  func escaped() async throws {
    let prisoner = SamplePrisoner("A1234BC", "AL<B>", #"O'"NEIL&"#, at: .moorland, cell: "<i>")
    try await with([prisoner]) { _, url async throws in
      for path in ["/", "/prisoner/A1234BC", "/prisoner/A1234BC/add-case-note"] {
        let page = try await Loopback.send(.get, url + path).text
        #expect(page.contains("O&#39;&quot;neil&amp;, Al&lt;b&gt;"), "\(path)")
        #expect(!page.contains("<i>") && !page.contains("<b>"))
      }
      let unknown = try await Loopback.send(.get, url + "/prisoner/%3Cscript%3E")
      #expect(unknown.status == .notFound && unknown.text.contains("&lt;script&gt;"))
      #expect(!unknown.text.contains("<script>"))
    }
  }
}
