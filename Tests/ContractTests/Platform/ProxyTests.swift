import Foundation
import HTTPTransport
import ModuleKit
import Subprocess
import Testing

@testable import Gateway

/// docs/contract/adoption.md §8 rows AD-27 to AD-31, AD-34, AD-35; the grammar of exceptions (AD-29) is in
/// HTTPTransportTests.
@Suite("Platform: proxy")
struct ProxyTests {
  private func read(
    _ settings: [String: String],
    file: [String: String] = [:]
  ) throws -> Configuration {
    let usual = Program.settings(database: "postgresql://nobody@127.0.0.1:1/nothing")
    var reader = SettingsReader(
      environment: usual.merging(settings) { $1 },
      file: file,
      profile: .standard
    )
    return try Configuration.read(&reader)
  }

  @Test(
    "AD-27, AD-28: the first name that is set to something counts, in any case, for http and https alike",
    arguments: [
      (["HTTPS_PROXY": "proxy"], "proxy:3128"), (["http_proxy": "a", "HTTPS_PROXY": "b:1"], "b:1"),
      (["HTTP_PROXY": "a", "https_proxy": "b:1"], "b:1"),
      (["HTTPS_PROXY": " ", "Http_Proxy": "http://c:2"], "c:2"),
      (["HTTPS_PROXY": "", "https_proxy": "\t", "HTTPS_proxy": "d"], "d:3128"),
      (["https_Proxy": "z", "hTTPS_PROXY": "y"], "y:3128"),
      (["https_proxy": "l", "hTTPS_PROXY": "m"], "l:3128"),
      ([:], nil), (["HTTP_PROXY": "  "], nil), (["ALL_PROXY": "x"], nil),
    ] as [([String: String], String?)]
  )
  func names(settings: [String: String], expected: String?) throws {
    #expect(try read(settings).upstreams.proxy?.description == expected)
    #expect(try read([:], file: settings).upstreams.proxy?.description == expected)
    let both = try read(settings.merging(["GATEWAY_PROXY_KEYS_AND_TELEMETRY": "true"]) { $1 })
    #expect(both.observability.proxy?.description == expected)
    #expect(both.upstreams.keysClientConfiguration.proxy?.description == expected)
    #expect(try read(settings).observability.proxy == nil)
    #expect(try read(settings).upstreams.keysClientConfiguration.proxy == nil)
  }

  @Test("AD-29: exceptions are read under any case of their name")
  func exceptions() throws {
    let proxy = try #require(
      try read(["HTTPS_PROXY": "p", "no_proxy": " localhost , .svc,*.internal "]).upstreams.proxy
    )
    #expect(["localhost", "A.SVC", "b.internal"].allSatisfy { !proxy.serves($0) })
    #expect(["svc", "localhost.x"].allSatisfy { proxy.serves($0) })
  }

  @Test("AD-30: a proxy that is none stops the start, and the variable is named, not the password in it")
  func malformed() async throws {
    let settings = Program.settings(database: "postgresql://nobody@127.0.0.1:1/nothing")
    for (name, value) in [
      ("HTTPS_PROXY", "http://bad host"), ("http_proxy", "http://user:secret77@:1"),
      ("HTTP_PROXY", "socks5://x"),
    ] {
      let program = try Program(["serve"], settings.merging([name: value]) { $1 })
      #expect(try await program.ending() == .exited(1))
      #expect(program.text.contains("\(name): it is not a usable proxy"), "\(program.text)")
      #expect(!program.text.contains("secret77"))
    }
    let shown = try Program(
      ["config"],
      settings.merging(["HTTPS_PROXY": "http://u:secret77@proxy:1/"]) { $1 }
    )
    _ = try await shown.ending()
    #expect(shown.text.contains("http://********@proxy:1/"), "\(shown.text)")
    #expect(!shown.text.contains("secret77"))
  }

  @Test(
    "AD-31, AD-35: token, prison API, search, pings and publishing go by the proxy, the issuer's keys do not"
  )
  func discharge() async throws {
    try await ProxyDouble.run { (proxy, address) async throws in
      try await MessagingWorld.run(.emulator, settings: ["HTTPS_PROXY": "http://user@\(address)/"]) {
        (world) async throws in
        let gateway = world.gateway
        gateway.prisonAPI.stubBooking("A1234BC")
        gateway.prisonAPI.stubDischarge("A1234BC")
        gateway.search.answerAnyone(in: "MDI")
        let answer = try await gateway.post(
          "/discharge-to-hospital",
          Patients.dischargeBody("A1234BC"),
          token: try gateway.writer()
        )
        #expect(answer.status == 201, "\(answer.text)")
        _ = try await world.nextEvent()
        _ = try await gateway.post(
          "/non-associations",
          CreateTests.body(first: "A0234BC"),
          token: try gateway.writer()
        )
        _ = try await gateway.get("/health")
        let lines = await proxy.requestLines
        for wanted in [
          "POST /auth/oauth/token ", "PUT /api/offenders/A1234BC/discharge-to-hospital ", "POST / ",
          "POST /prisoner-search/prisoner-numbers", "GET /auth/health/ping ", "GET /health/ping ",
        ] {
          #expect(lines.contains { $0.hasPrefix(wanted) }, "\(wanted): \(lines)")
        }
        #expect(!lines.contains { $0.contains("jwks.json") })
        let agents = await proxy.fields("User-Agent")
        #expect(agents.count == lines.count)
        #expect(agents.allSatisfy { $0 == "User-Agent: hmpps-gateway" })
      }
    }
  }

  @Test(
    "One setting sends the issuer's keys by the proxy as well; a host that is excepted is called directly"
  )
  func keys() async throws {
    try await ProxyDouble.run { (proxy, address) async throws in
      let settings = ["HTTPS_PROXY": address, "GATEWAY_PROXY_KEYS_AND_TELEMETRY": "true"]
      try await withGateway(settings: settings) { (gateway) async throws in
        #expect(try await gateway.get("/non-associations/1", token: try gateway.reader()).status == 404)
        #expect(await proxy.requestLines.contains { $0.contains("/.well-known/jwks.json") })
      }
    }
    try await ProxyDouble.run { (proxy, address) async throws in
      let settings = ["HTTPS_PROXY": address, "NO_PROXY": "127.0.0.*"]
      try await withGateway(settings: settings) { (gateway) async throws in
        gateway.search.answerAnyone(in: "MDI")
        let answer = try await gateway.post(
          "/non-associations",
          CreateTests.body(),
          token: try gateway.writer()
        )
        #expect(answer.status == 201)
        #expect(await proxy.targets.isEmpty)
      }
    }
  }
}
