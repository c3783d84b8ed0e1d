import Foundation
import Testing

@Suite("Which service a host shows")
struct HostTests {
  private static let spellings = [
    "associations.test", "Associations.TEST.", "associations.test:80", "ASSOCIATIONS.test.:8080",
  ]

  /// The ways of saying one host: as origin-form, as absolute-form with and without a field, in both versions.
  private static func heads(_ host: String, _ path: String) -> [String] {
    let name = host.split(separator: ":")[0].lowercased()
    return [
      "GET \(path) HTTP/1.1\r\nHost: \(host)\r\n", "GET \(path) HTTP/1.0\r\nhost:\(host)\r\n",
      "GET http://\(host)\(path) HTTP/1.1\r\nHost: \(host)\r\n", "GET HTTP://\(host)\(path) HTTP/1.0\r\n",
      "GET http://\(name):80\(path) HTTP/1.1\r\nHost: \(name)\r\n",
      "GET https://\(name)\(path) HTTP/1.1\r\nHost: \(name):443\r\n",
    ]
  }

  @Test(
    "Every spelling of a module's host, in every form of a request and with every forwarding field, shows that module alone",
    .sharedGateway,
    arguments: spellings
  )
  func everySpelling(host: String) async throws {
    let gateway = try #require(SharedGateway.current)
    let token = try gateway.reader()
    let forwarding = [
      "", "X-Forwarded-Host: patients.test\r\n", "X-Forwarded-Host: x\r\nX-Forwarded-For: 10.0.0.1\r\n",
      "Forwarded: host=patients.test\r\nX-Original-Host: patients.test\r\n",
    ]
    for fields in forwarding {
      for (path, status) in [
        ("/constants", 200), ("/restricted-patients", 404), ("/console", 404), ("/metrics", 404),
        ("/restricted-patients-api/restricted-patients", 404),
      ] {
        for head in Self.heads(host, path) {
          let bytes = Array(
            "\(head)\(fields)Authorization: Bearer \(token)\r\nConnection: close\r\n\r\n".utf8
          )
          let answer = try SocketClient.parse(
            try await SocketClient.exchange(port: gateway.port, sending: bytes),
            isHead: false
          )
          #expect(answer.status == status, "\(head)\(fields)")
        }
      }
    }
  }

  @Test(
    "AD-4: both hosted, each service's in-cluster name shows that service without being configured; other hosts show both",
    .sharedGateway
  )
  func inCluster() async throws {
    let gateway = try #require(SharedGateway.current)
    let asker = try gateway.token(roles: ["SAR_DATA_ACCESS"])
    func get(_ path: String, _ host: String, token: String? = nil) async throws -> Answer {
      try await gateway.send("GET", path, token: token, headers: [("Host", host)])
    }
    for suffix in ["", ":80", ".some-namespace", ".some-namespace.svc.cluster.local:8080"] {
      let (associations, patients) = (
        "hmpps-non-associations-api\(suffix)", "hmpps-restricted-patients-api\(suffix)"
      )
      for (host, name, own, other) in [
        (associations, "hmpps-non-associations-api", "hmppsAuthApi", "prisonApiHealthCheck"),
        (patients, "hmpps-restricted-patients-api", "prisonApiHealthCheck", "hmppsAuthApi"),
      ] {
        let components = try #require(try await get("/health", host).json["components"])
        #expect(components.keys.contains(own) && !components.keys.contains(other), "\(host)")
        let info = try await get("/info", host).json
        #expect(info["build"]?["name"]?.text == name && info["services"] == nil, "\(host)")
      }
      let title = try await get("/v3/api-docs", associations).json["info"]?["title"]
      #expect(title == "Non-Associations API")
      let template = "/subject-access-request/template"
      #expect(try await get(template, associations, token: asker).status == 404)
      #expect(try await get(template, patients, token: asker).status == 200)
      let reader = try gateway.reader()
      #expect(try await get("/restricted-patients", associations, token: reader).status == 404)
      #expect(try await get("/constants", patients, token: reader).status == 404)
      #expect(try await get("/constants", associations, token: reader).status == 200)
    }
    for host in ["x", "10.0.0.1:8080", "hmpps-non-associations-api-2", "x.hmpps-non-associations-api"] {
      let keys = try #require(try await get("/health", host).json["components"]).keys
      #expect(!keys.contains("hmppsAuthApi") && !keys.contains("prisonApiHealthCheck"), "\(host) \(keys)")
      #expect(try await get("/info", host).json["services"] != nil)
    }
  }

  @Test("A request whose target and field name two hosts is refused, whichever is whose", .sharedGateway)
  func twoHosts() async throws {
    let gateway = try #require(SharedGateway.current)
    for (target, field) in [
      ("http://associations.test", "patients.test"), ("http://patients.test", "associations.test"),
      ("http://associations.test:81", "associations.test"),
      ("https://associations.test", "associations.test:80"),
    ] {
      let head = "GET \(target)/restricted-patients HTTP/1.1\r\nHost: \(field)\r\nConnection: close\r\n\r\n"
      let bytes = try await SocketClient.exchange(port: gateway.port, sending: Array(head.utf8))
      #expect(try SocketClient.parse(bytes, isHead: false).status == 400)
    }
  }

  @Test(
    "Behind an nginx whose only name is one module's, no request reaches the other",
    .sharedGateway,
    arguments: ["$host", "$http_host"]
  )
  func behindNginx(passes variable: String) async throws {
    let gateway = try #require(SharedGateway.current)
    let nginx = try Nginx(
      """
      server {
        listen 127.0.0.1:PORT default_server;
        return 421;
      }
      server {
        listen 127.0.0.1:PORT;
        server_name associations.test;
        location / {
          proxy_pass http://127.0.0.1:\(gateway.port);
          proxy_http_version 1.1;
          proxy_set_header Host \(variable);
          proxy_set_header X-Forwarded-For $remote_addr;
        }
      }
      """
    )
    defer { nginx.stop() }
    try await nginx.waitUntilListening()
    let token = try gateway.reader()
    for host in Self.spellings + ["patients.test", "x", "associations.test..", "associations.test%2e"] {
      let isOwn = Self.spellings.contains(host)
      for (path, status) in [("/constants", 200), ("/restricted-patients", 404), ("/metrics", 404)] {
        // With an absolute target nginx goes by that, and hands the field on as it came.
        for head in Self.heads(host, path) where variable == "$host" || !head.contains("://") {
          let bytes = Array("\(head)Authorization: Bearer \(token)\r\nConnection: close\r\n\r\n".utf8)
          let received = try await SocketClient.exchange(port: nginx.port, sending: bytes)
          let answer = String(decoding: received.prefix(12), as: UTF8.self)
          #expect(
            isOwn ? answer.hasSuffix(" \(status)") : answer.hasSuffix(" 421") || answer.hasSuffix(" 400"),
            "\(head)"
          )
        }
      }
    }
    if variable == "$host" {
      // The name that nginx chose the server by is the one that decides here too.
      let head = "GET http://associations.test/restricted-patients HTTP/1.1\r\nHost: patients.test\r\n"
      let bytes = Array("\(head)Authorization: Bearer \(token)\r\nConnection: close\r\n\r\n".utf8)
      let received = try await SocketClient.exchange(port: nginx.port, sending: bytes)
      #expect(String(decoding: received.prefix(12), as: UTF8.self).hasSuffix(" 404"))
    }
  }
}
