import Testing

@Suite("The page that documents the API, in a browser")
struct DocumentationPageTests {
  @Test(
    "Operations are read and tried with mouse or keyboard, on a telephone too, with nothing from elsewhere",
    arguments: [
      "http://127.0.0.1:PORT", "http://127.0.0.1:PORT/non-associations-api", "http://associations.test:PORT",
    ]
  )
  func use(address: String) async throws {
    try await withGateway(settings: ["NON_ASSOCIATIONS_HOSTS": "associations.test"]) {
      (gateway) async throws in
      let token = try gateway.token(
        roles: ["READ_NON_ASSOCIATIONS", "WRITE_NON_ASSOCIATIONS"],
        user: "BROWSER",
        expiresIn: 500_000_000
      )
      let url = address.replacing("PORT", with: String(gateway.port))
      let use = try await Python.run("browse_docs", [url, token, "associations.test"])
      #expect(use.status == 0, "\(use.output)")
    }
  }
}
