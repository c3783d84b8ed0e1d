import Testing

/// docs/contract/adoption.md §8, AD-44, AD-45, AD-57.
@Suite("docs/contract/adoption.md §8: the documents of the API, as clients and their generators read them")
struct DocumentShapeTests {
  private static let documented = ["SPRINGDOC_API-DOCS_ENABLED": "true", "BUILD_NUMBER": "2026-01-15.1"]

  /// A service by itself, under each mounting.
  private static let services = Surface.all.filter { $0.mounting == .basePath }

  @Test(
    "AD-44: the document of a service has the shape that its clients were generated from",
    .sharedGateway(settings: documented),
    arguments: services
  )
  func shape(surface: Surface) async throws {
    try await withGateway(at: surface) { (gateway, _) async throws in
      let url = "http://127.0.0.1:\(gateway.port)\(surface.basePath)"
      let check = try await Python.run(
        "Shapes/compare_shapes",
        ["compare", Self.shape(surface), url, "2026-01-15.1"]
      )
      #expect(check.status == 0, "\(check.output)")
    }
  }

  @Test(
    "AD-44: what a client would see of another shape is found, and what it would not is left alone",
    .sharedGateway(settings: documented),
    arguments: services
  )
  func plantedShape(surface: Surface) async throws {
    try await withGateway(at: surface) { (gateway, _) async throws in
      let url = "http://127.0.0.1:\(gateway.port)\(surface.basePath)"
      let check = try await Python.run("Shapes/compare_shapes", ["planted", Self.shape(surface), url])
      #expect(check.status == 0, "\(check.output)")
      #expect(check.output.contains(" faults and "))
    }
  }

  private static func shape(_ surface: Surface) -> String {
    surface.service == .nonAssociations ? "non-associations.json" : "restricted-patients.json"
  }

  @Test(
    "AD-44: a service has the same document by its host and by its base path",
    .sharedGateway(settings: documented)
  )
  func mountings() async throws {
    try await withGateway(settings: Self.documented) { (gateway) async throws in
      for service in HostedService.allCases {
        let byHost = try await gateway.at(Surface(service: service, mounting: .host)).get("/v3/api-docs")
        let byPath = try await gateway.at(Surface(service: service, mounting: .basePath)).get("/v3/api-docs")
        #expect(byHost.text == byPath.text && byHost.status == 200)
      }
    }
  }

  @Test(
    "AD-57: the description as YAML needs a token, and says what the JSON says",
    .sharedGateway(settings: documented),
    arguments: Surface.all
  )
  func yaml(surface: Surface) async throws {
    try await withGateway(at: surface) { (gateway, client) async throws in
      #expect(try await client.get("/v3/api-docs.yaml").status == 401)
      let token = try gateway.token(roles: [])
      let answer = try await client.get("/v3/api-docs.yaml", token: token)
      #expect(answer.status == 200)
      #expect(answer.header("Content-Type") == "application/vnd.oai.openapi")
      #expect(answer.text.hasPrefix("---\nopenapi: \"3.1.0\"\n"))
      guard surface.mounting != .host else { return }
      let url = "http://127.0.0.1:\(gateway.port)\(surface.basePath)"
      let check = try await Python.run("check_api", ["yaml", url, token])
      #expect(check.status == 0, "\(check.output)")
    }
  }

  @Test(
    "AD-45: a schema of one name and two contents has two names in the document of both",
    .sharedGateway(settings: documented)
  )
  func union() async throws {
    try await withGateway(settings: Self.documented) { (gateway) async throws in
      let document = try await gateway.get("/v3/api-docs").json
      let schemas = try #require(document["components"]?["schemas"])
      #expect(schemas["ErrorResponse"]?["properties"]?["errorCode"]?["type"] == ["integer", "null"])
      let other = schemas["RestrictedPatientsErrorResponse"]
      #expect(other?["properties"]?["errorCode"]?["type"] == ["string", "null"])
      func error(_ path: String, _ method: String, _ status: String) -> String? {
        let answer = document["paths"]?[path]?[method]?["responses"]?[status]
        return answer?["content"]?["application/json"]?["schema"]?["$ref"]?.text
      }
      let reference = "#/components/schemas/"
      #expect(error("/non-associations", "post", "404") == reference + "ErrorResponse")
      #expect(error("/non-associations", "post", "500") == reference + "ErrorResponse")
      let patients = reference + "RestrictedPatientsErrorResponse"
      #expect(error("/discharge-to-hospital", "post", "404") == patients)
      #expect(error("/discharge-to-hospital", "post", "500") == patients)
    }
  }
}
