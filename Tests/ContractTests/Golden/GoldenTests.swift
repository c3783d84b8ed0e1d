import HTTPTypes
import ServiceKit
import SharedAuth
import Testing

@testable import Gateway

@Suite("What is there, as it was written down")
struct GoldenTests {
  private static let documented = ["SPRINGDOC_API-DOCS_ENABLED": "true", "BUILD_NUMBER": "2026-01-15.1"]

  @Test(
    "every route: method, template, who may use it, what it takes and gives, and the statuses it describes"
  )
  func routes() async throws {
    try await withGateway(settings: Self.documented) { (gateway) async throws in
      let mountPoints = gateway.application.mount.mountPoints
      let text = mountPoints.map { surface in
        ([surface.basePath.isEmpty ? "The root of a host of nobody's" : "/" + surface.basePath]
          + surface.routes.map(Self.line)).joined(separator: "\n")
      }.joined(separator: "\n\n")
      try Golden.check(text, "routes.txt")
    }
  }

  private static func line(_ route: RouteDeclaration) -> String {
    let statuses = route.operation.map { $0.responses.map { String($0.status) }.joined(separator: " ") }
    return [
      "  \(route.method.rawValue) \(route.template)", rule(route.access), "takes \(route.consumes)",
      "gives \(route.produces)", statuses ?? "not described",
    ].joined(separator: " | ")
  }

  private static func rule(_ access: AccessRule) -> String {
    switch access {
    case .open: "anybody"
    case .authenticated: "any good token"
    case .requires(let role, let scope): "role \(role)" + (scope.map { ", scope \($0)" } ?? "")
    case .requiresAny(let roles): "one of the roles \(roles.joined(separator: ", "))"
    }
  }

  @Test(
    "the documents of the API, of each service and of both",
    arguments: [
      Surface(service: .nonAssociations, mounting: .basePath),
      Surface(service: .restrictedPatients, mounting: .basePath),
      Surface(service: .nonAssociations, mounting: .union),
    ]
  )
  func documents(surface: Surface) async throws {
    try await withGateway(at: surface, settings: Self.documented) { (_, client) async throws in
      let answer = try await client.send(
        "GET",
        "/v3/api-docs",
        headers: [("X-Forwarded-Host", "gateway.test")]
      )
      #expect(answer.status == 200)
      let name = surface.mounting == .union ? "union" : surface.service.rawValue
      try Golden.check(Golden.indented(answer.text), "api-\(name).json")
    }
  }
}
