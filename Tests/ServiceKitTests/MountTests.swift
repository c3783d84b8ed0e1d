import EventLoops
import HTTPTransport
import HTTPTypes
import Logging
import ServerTestKit
import SharedAuth
import Testing
import Time

@testable import ServiceKit

@Suite("Finding the module of a request")
struct MountTests {
  private static func module(_ name: String, _ own: String) -> TestModule {
    let answer = ServerResponse(status: .ok, body: Array(name.utf8))
    return TestModule(
      name: name,
      routes: [
        RouteDeclaration(.get, "/\(own)", .open) { _ in answer },
        RouteDeclaration(.get, "/both", .open) { _ in answer },
      ] + HealthRoutes(ReadinessState()).routes(Health([]))
    )
  }

  private func mount(union: TestModule = TestModule(name: "union", routes: [])) throws -> Mount {
    try Mount(
      [
        Mount.Entry(
          try Self.module("one", "a").responder,
          hosts: try ["One.example.", "0:0::1", "service-2.own"].map { try #require(HTTPHost($0)) },
          serviceLabel: HTTPHost("service-1"),
          basePath: "one-api"
        ),
        Mount.Entry(
          try Self.module("two", "b").responder,
          hosts: [try #require(HTTPHost("two.example:8443"))],
          serviceLabel: HTTPHost("service-2"),
          basePath: "two-api"
        ),
      ],
      union: try union.responder
    )
  }

  private func answer(
    _ target: String,
    host: String = "gateway",
    union: TestModule = TestModule(name: "union", routes: [])
  ) async throws -> Answer {
    let request = try request(.get, target, HeaderFields(host: host, (.authorization, "reader")))
    return Answer(try await mount(union: union).respond(to: request))
  }

  @Test(
    "By host, by base path, by owner",
    arguments: [
      ("one.example", "/a", "one"), ("ONE.example:8080", "/both", "one"), ("two.example", "/both", "two"),
      ("TWO.EXAMPLE:1", "/b", "two"), ("[::1]:8080", "/both", "one"), ("[::1]", "/a", "one"),
      ("one.example.", "/both", "one"), ("ONE.example.:65535", "/a", "one"), ("two.example.", "/both", "two"),
      ("[0:0:0:0:0:0:0:1]", "/both", "one"), ("one.example..", "/b", "two"),
      (".one.example", "/b", "two"), ("xone.example", "/b", "two"), ("one.exampl\u{212A}", "/b", "two"),
      ("gateway", "/one-api/both", "one"), ("gateway", "/two-api/both", "two"), ("gateway:80", "/a", "one"),
      ("gateway", "/b", "two"), ("gateway", "/both", "one"), ("", "/b", "two"),
    ]
  )
  func found(host: String, target: String, module: String) async throws {
    let answer = try await answer(target, host: host)
    #expect(answer.status == 200)
    #expect(answer.body == module)
  }

  @Test(
    "AD-4: by the name of its Kubernetes Service, in every form, unless another module has the host",
    arguments: [
      ("service-1", "one"), ("SERVICE-1:80", "one"), ("service-1.", "one"), ("service-1.ns", "one"),
      ("Service-2.ns.svc.cluster.local.:8080", "two"), ("service-2", "two"), ("service-2.own", "one"),
      ("service-12", "union"), ("service", "union"), ("x.service-1", "union"), ("service-1-", "union"),
      ("10.0.0.1", "union"), ("[::2]:80", "union"),
    ]
  )
  func serviceLabel(host: String, module: String) async throws {
    let union = TestModule(
      name: "union",
      routes: [RouteDeclaration(.get, "/both", .open) { _ in .init(status: .ok, body: Array("union".utf8)) }]
    )
    #expect(try await answer("/both", host: host, union: union).body == module)
  }

  @Test(
    "A module's host and base path show that module alone",
    arguments: [
      ("one.example", "/b", "one: noRoute(path: \"b\")"), ("two.example", "/a", "two: noRoute(path: \"a\")"),
      ("one.example", "/one-api/a", "one: noRoute(path: \"one-api/a\")"),
      ("gateway", "/two-api/a", "two: noRoute(path: \"a\")"),
      ("gateway", "/two-api", "two: noRoute(path: \"\")"),
      ("gateway", "/nowhere", "union: noRoute(path: \"nowhere\")"),
    ]
  )
  func alone(host: String, target: String, body: String) async throws {
    let answer = try await answer(target, host: host)
    #expect(answer.status == 404)
    #expect(answer.body == body)
  }

  @Test(
    "No forwarding field and no peer changes which module a host shows",
    arguments: ["one.example", "One.Example.", "one.example:80", "[::1]", "[0::1]:443"],
    ["127.0.0.1", "10.0.0.1", "fd00::1", "8.8.8.8", "2001:db8::1"]
  )
  func forwardingFields(host: String, peer: String) async throws {
    for name in [
      "X-Forwarded-Host", "Forwarded", "X-Original-Host", "X-Host", "X-Forwarded-Server", "X-Forwarded-Port",
    ] {
      for value in ["two.example", "gateway", "two.example, one.example", "host=two.example", "8443"] {
        var fields = HeaderFields(host: host, (.authorization, "reader"))
        fields.append(try #require(HTTPField.Name(name)), value)
        let address = try #require(SocketAddress(numeric: peer, port: 1))
        let both = Answer(try await mount().respond(to: request(.get, "/both", fields, remote: address)))
        #expect(both.body == "one")
        let other = Answer(try await mount().respond(to: request(.get, "/b", fields, remote: address)))
        #expect(other.status == 404)
      }
    }
  }

  @Test("What the modules answer together comes first, at the root of an unnamed host only")
  func union() async throws {
    let union = TestModule(
      name: "union",
      routes: [
        RouteDeclaration(.get, "/both", .open) { _ in ServerResponse(status: .ok, body: Array("union".utf8)) }
      ]
    )
    #expect(try await answer("/both", union: union).body == "union")
    #expect(try await answer("/both", host: "two.example", union: union).body == "two")
    #expect(try await answer("/one-api/both", union: union).body == "one")
    #expect(try await answer("/b", union: union).body == "two")
  }

  @Test(
    "A method that a path does not have is refused by the owner of the path, with the owner's methods",
    arguments: [("/a", "one"), ("/b", "two"), ("/both", "one"), ("/two-api/both", "two")]
  )
  func otherMethod(target: String, module: String) async throws {
    let request = try request(.put, target, HeaderFields(host: "gateway", (.authorization, "reader")))
    let answer = Answer(try await mount().respond(to: request))
    #expect(answer.status == 405)
    #expect(answer.fields[.allow] == "GET, HEAD, OPTIONS")
    #expect(
      answer.body == "\(module): methodNotAllowed(method: \"PUT\", allow: [\"GET\", \"HEAD\", \"OPTIONS\"])"
    )
  }

  @Test(
    "Probes answer without a token on every surface",
    arguments: ["/health/ping", "/health/liveness", "/health/readiness", "/two-api/health/ping"]
  )
  func probes(target: String) async throws {
    let actuator = "application/vnd.spring-boot.actuator.v3+json"
    for (accept, type) in [(nil, actuator), ("*/*", actuator), ("application/json", "application/json")] {
      var fields = HeaderFields(host: "gateway")
      fields[.accept] = accept
      let answer = Answer(try await mount().respond(to: request(.get, target, fields)))
      #expect(answer.status == 200)
      #expect(answer.body == "{\"status\":\"UP\"}")
      #expect(answer.fields[.contentType] == type)
    }
  }

  @Test("A refused token is 401 even on a ping; a good one is not")
  func pingWithToken() async throws {
    let refused = try request(.get, "/health/ping", [.authorization: "expired"])
    #expect(try await mount().respond(to: refused).status == .unauthorized)
    let good = try request(.get, "/health/ping", [.authorization: "reader"])
    #expect(try await mount().respond(to: good).status == .ok)
  }

  @Test("Readiness turns 503 at shutdown; liveness and ping stay up")
  func shutdown() async throws {
    let readiness = ReadinessState()
    let module = TestModule(routes: HealthRoutes(readiness).routes(Health([])))
    let mount = try Mount(
      [Mount.Entry(try module.responder, hosts: [], basePath: "x")],
      union: try TestModule(routes: []).responder
    )
    readiness.beginShutdown()
    let answer = Answer(await mount.respond(to: try request(.get, "/health/readiness")))
    #expect(answer.status == 503)
    #expect(answer.body == "{\"status\":\"OUT_OF_SERVICE\"}")
    #expect(try await mount.respond(to: request(.get, "/health/liveness")).status == .ok)
    #expect(try await mount.respond(to: request(.get, "/health/ping")).status == .ok)
  }

  @Test("A mount answers on a server's loops")
  func overSocket() async throws {
    let group = try EventLoopGroup(count: 1)
    try await LoopbackServer.run(on: group, try mount().respond) { (base, client) async throws in
      for (path, fields, status) in [
        ("/health/ping", [:], 200), ("/two-api/both", [.authorization: "reader"], 200),
        ("/nowhere", [:], 401),
      ] as [(String, HeaderFields, Int)] {
        let response = try await client.send(
          ClientRequest(url: base.path(path), fields: fields),
          deadline: .now() + .seconds(30)
        )
        #expect(response.status.code == status)
      }
    }
    group.shutdown()
  }
}
