import Testing

@testable import Gateway

/// docs/contract/adoption.md §8, AD-60.
@Suite("docs/contract/platform.md §3.6: the version of a build")
struct BuildVersionTests {
  @Test("AD-60: without a build number the version is the day of the build", arguments: Surface.all)
  func versionWithoutNumber(surface: Surface) async throws {
    for (time, day) in [("2026-01-02T03:04:05Z", "2026-01-02"), (nil, BuildInformation.date(of: nil))] {
      var settings = ["SPRINGDOC_API-DOCS_ENABLED": "true"]
      settings["BUILD_TIME"] = time
      try await withGateway(at: surface, settings: settings) { (_, client) async throws in
        #expect(try await client.get("/v3/api-docs").json["info"]?["version"]?.text == day)
        #expect(try await client.get("/info").json["build"]?["version"]?.text == day)
      }
      #expect(day.wholeMatch(of: /20[0-9]{2}-[01][0-9]-[0-3][0-9]/) != nil)
    }
  }
}
