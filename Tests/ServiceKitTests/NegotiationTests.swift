import Testing

@testable import ServiceKit

@Suite("Media types and parameter texts")
struct NegotiationTests {
  @Test(
    "JSON content types",
    arguments: [
      "application/json", "application/json;charset=UTF-8", "Application/JSON ; charset=latin1",
      "application/vnd.api+json", "application/problem+json; a=b",
    ]
  )
  func json(type: String) { #expect(MediaType.isJSON(type)) }

  @Test(
    "Other content types",
    arguments: [
      "text/plain", "", "json", "text/json", "application/jsonx", "application/xml", "image/x+json", ";",
    ]
  )
  func notJSON(type: String) { #expect(!MediaType.isJSON(type)) }

  @Test(
    "Accept headers that take JSON",
    arguments: [
      nil, "", " ", "*/*", "application/json", "application/*", "text/html, */*;q=0.1",
      "Application/JSON;q=0.5",
      "application/vnd.x+json, application/*+json", "text/html,application/json;charset=utf-8",
      "*/*;q=0, application/json",
      ",application/json,",
    ]
  )
  func accepts(header: String?) { #expect(MediaType.acceptsJSON(header)) }

  @Test(
    "Accept headers that do not",
    arguments: [
      "text/html", "text/*", "application/xml, text/plain;q=0.5", "application/json;q=0", "*/*;q=0",
      "application/json;q=0.000, */*", "application/*;q=0, */*", "nonsense",
    ]
  )
  func refuses(header: String) { #expect(!MediaType.acceptsJSON(header)) }

  @Test("An Accept or Content-Type that no client has is not looked at, and no step over it is long")
  func tooLong() {
    let many = String(repeating: "text/html,", count: 150)
    #expect(MediaType.acceptsJSON(many))
    #expect(MediaType.acceptsJSON(String(repeating: ",", count: 64) + "text/html"))
    #expect(!MediaType.acceptsJSON(String(repeating: ",", count: 62) + "text/html"))
    #expect(!MediaType.namesPlainJSON(many + "application/json"))
    #expect(MediaType.isJSON("application/json;" + String(repeating: "a", count: 5000)))
  }

  @Test(
    "Booleans",
    arguments: [
      ("true", true), ("TRUE", true), (" on ", true), ("Yes", true), ("1", true), ("false", false),
      ("off", false),
      ("NO", false), ("0", false), ("maybe", nil), ("t", nil), ("2", nil), ("", nil),
    ]
  )
  func boolean(text: String, value: Bool?) { #expect(ParameterText.boolean(text) == value) }

  @Test(
    "64-bit integers",
    arguments: [
      ("42", 42), ("-1", -1), ("+42", 42), ("0", 0), ("0x2A", 42), ("0X2a", 42), ("#2A", 42), ("-0x2A", -42),
      (" 4 2 ", 42), ("9223372036854775807", Int64.max), ("-9223372036854775808", .min), ("abc", nil),
      ("", nil),
      ("9223372036854775808", nil), ("99999999999999999999", nil), ("1.0", nil), ("between", nil),
      ("0x", nil),
      ("+-1", nil), ("0x-1", nil), ("--1", nil), ("٤٢", nil),
    ]
  )
  func integer(text: String, value: Int64?) { #expect(ParameterText.int64(text) == value) }

  @Test("Correlation ids are 15 hex digits and do not repeat")
  func correlation() {
    let ids = Set((0..<10_000).map { _ in CorrelationID().description })
    #expect(ids.count == 10_000)
    #expect(ids.allSatisfy { $0.count == 15 && $0.allSatisfy(\.isHexDigit) })
  }

  @Test("Public paths need no token, known or not")
  func publicPaths() {
    for path in [
      ["health"], ["health", "x"], ["info"], ["v3", "api-docs", "swagger-config"], ["webjars", "a", "b"],
    ] {
      #expect(PublicPaths.contains(path))
    }
    for path in [[""], ["info", "x"], ["v3"], ["healthy"], ["v3", "api-docs.yaml"], ["constants"]] {
      #expect(!PublicPaths.contains(path))
    }
  }
}
