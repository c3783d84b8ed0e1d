import AWSPeer
import Crypto
import Foundation
import HTTPTransport
import HTTPTypes
import SharedAuth
import Testing
import Time

@testable import Events

/// Signatures against those that AWS publishes (its Signature Version 4 test suite, the cases whose path is
/// normalised, without the folded field line, which our client cannot send), and against botocore.
@Suite struct SignatureV4Tests {
  struct Vector: Sendable, CustomTestStringConvertible {
    let name: String
    var method = "GET"
    var path = "/"
    var query = ""
    var fields: [(String, String)] = []
    var payload = ""
    var token: String?
    let signature: String

    var testDescription: String { name }
  }

  static let characters = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
  static let vanilla = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
  static let longToken =
    "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YU"
    + "uwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8Y"
    + "QcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICC"
    + "R/oLxBA=="

  static let vectors = [
    Vector(name: "get-vanilla", signature: vanilla),
    Vector(
      name: "get-unreserved",
      path: "/\(characters)",
      signature: "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"
    ),
    Vector(
      name: "get-slashes",
      path: "//example//",
      signature: "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"
    ),
    Vector(name: "get-relative-relative", path: "/example1/example2/../..", signature: vanilla),
    Vector(name: "get-slash-dot-slash", path: "/./", signature: vanilla),
    Vector(
      name: "get-slash-pointless-dot",
      path: "/./example",
      signature: "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5"
    ),
    Vector(
      name: "get-space",
      path: "/example space/",
      signature: "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"
    ),
    Vector(
      name: "get-utf8",
      path: "/\u{1234}",
      signature: "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"
    ),
    Vector(
      name: "get-vanilla-empty-query-key",
      query: "Param1=value1",
      signature: "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"
    ),
    Vector(
      name: "get-vanilla-query-order-key-case",
      query: "Param2=value2&Param1=value1",
      signature: "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"
    ),
    Vector(
      name: "get-vanilla-query-order-value",
      query: "Param1=value2&Param1=value1",
      signature: "5772eed61e12b33fae39ee5e7012498b51d56abc0abb7c60486157bd471c4694"
    ),
    Vector(
      name: "get-vanilla-query-order-encoded",
      query: "Param-3=Value3&Param=Value2&%E1%88%B4=Value1",
      signature: "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac"
    ),
    Vector(
      name: "get-vanilla-query-unreserved",
      query: "\(characters)=\(characters)",
      signature: "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197"
    ),
    Vector(
      name: "get-vanilla-utf8-query",
      query: "\u{1234}=bar",
      signature: "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"
    ),
    Vector(
      name: "get-header-key-duplicate",
      fields: [("My-Header1", "value2"), ("My-Header1", "value2"), ("My-Header1", "value1")],
      signature: "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"
    ),
    Vector(
      name: "get-header-value-order",
      fields: [
        ("My-Header1", "value4"), ("My-Header1", "value1"), ("My-Header1", "value3"),
        ("My-Header1", "value2"),
      ],
      signature: "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01"
    ),
    Vector(
      name: "get-header-value-trim",
      fields: [("My-Header1", " value1"), ("My-Header2", " \"a   b   c\"")],
      signature: "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"
    ),
    Vector(
      name: "post-x-www-form-urlencoded",
      method: "POST",
      fields: [("Content-Type", "application/x-www-form-urlencoded")],
      payload: "Param1=value1",
      signature: "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"
    ),
    Vector(
      name: "get-vanilla-with-session-token",
      token: "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267",
      signature: "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8"
    ),
    Vector(
      name: "post-sts-header-before",
      method: "POST",
      token: longToken,
      signature: "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"
    ),
  ]

  private static let credentials = AWSCredentials(
    accessKeyID: "AKIDEXAMPLE",
    secretAccessKey: Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
  )

  @Test("The signatures of AWS's published vectors", arguments: vectors)
  func published(_ vector: Vector) {
    var fields = vector.fields + [("Host", "example.amazonaws.com"), ("X-Amz-Date", "20150830T123600Z")]
    if let token = vector.token { fields.append(("X-Amz-Security-Token", token)) }
    let request = SignatureV4.Request(
      method: vector.method,
      path: vector.path,
      query: vector.query,
      fields: fields,
      payload: Array(vector.payload.utf8)
    )
    let names = Set(fields.map { $0.0.lowercased() }).sorted().joined(separator: ";")
    #expect(
      SignatureV4(region: "us-east-1", service: "service")
        .authorization(for: request, Self.credentials, date: "20150830T123600Z")
        == "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
        + "SignedHeaders=\(names), Signature=\(vector.signature)"
    )
  }

  @Test("The canonical request of a published vector, line by line")
  func canonicalRequest() {
    let request = SignatureV4.Request(
      method: "GET",
      path: "/",
      query: "Param2=value2&Param1=value1",
      fields: [("Host", "example.amazonaws.com"), ("X-Amz-Date", "20150830T123600Z")]
    )
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    #expect(
      SignatureV4.canonical(request).text
        == """
        GET
        /
        Param1=value1&Param2=value2
        host:example.amazonaws.com
        x-amz-date:20150830T123600Z

        host;x-amz-date
        \(empty)
        """
    )
  }

  @Test("What the client sends is signed with its date, its token and all its fields")
  func clientRequest() throws {
    var request = ClientRequest(
      method: .post,
      url: try HTTPURL("https://example.amazonaws.com"),
      fields: [.contentType: "application/x-www-form-urlencoded"],
      body: Array("Param1=value1".utf8)
    )
    // 2015-08-30T12:36:00.9Z: a fraction is dropped.
    let time = Timestamp(microseconds: 1_440_938_160_900_000)
    SignatureV4(region: "us-east-1", service: "service").sign(&request, Self.credentials, at: time)
    #expect(request.fields[.amzDate] == "20150830T123600Z")
    #expect(request.fields[.amzSecurityToken] == nil)
    #expect(
      request.fields[.authorization]?
        .hasSuffix("=ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a") == true
    )
  }

  @Test("Three hundred random requests are signed as botocore signs them")
  func botocore() throws {
    var random = SystemRandomNumberGenerator()
    for _ in 0..<300 {
      let request = RandomRequest(using: &random)
      let signature = SignatureV4(region: request.region, service: request.service)
      let credentials = AWSCredentials(accessKeyID: request.id, secretAccessKey: Secret(request.secret))
      var signed = request.signed
      signed.fields += [("host", "example.com"), ("X-Amz-Date", request.date)]
      if let token = request.token { signed.fields.append(("X-Amz-Security-Token", token)) }
      let ours = signature.authorization(for: signed, credentials, date: request.date)
      #expect(ours == (try AWSPeer.shared.sign(request.command)), "\(request.command)")
    }
  }
}

/// A request with anything in it that may be signed.
private struct RandomRequest {
  let signed: SignatureV4.Request
  let region: String
  let service: String
  let id: String
  let secret: String
  let token: String?
  let date: String

  init(using random: inout some RandomNumberGenerator) {
    func text(_ characters: String, _ lengths: ClosedRange<Int>) -> String {
      let characters = Array(characters)
      return String(
        (0..<Int.random(in: lengths, using: &random)).map { _ in characters[.random(in: characters.indices)] }
      )
    }
    let letters = "abcdefghijklmnopqrstuvwxyzABCXYZ0123456789"
    let segments = (0..<Int.random(in: 0...4)).map { _ in
      [text(letters + "-._~:@!$'()*+,;", 1...8), ".", "..", "", "%20", "%E1%88%B4"].randomElement(
        using: &random
      ) ?? ""
    }
    let parameters = (0..<Int.random(in: 0...4)).map { _ in
      "\(PercentCoding.encode(text(letters + " /=&+é~", 1...4)))=\(PercentCoding.encode(text(letters + " %?é", 0...6)))"
    }
    var fields: [(name: String, value: String)] = (0..<Int.random(in: 0...5)).map { _ in
      (
        "X-\(text("abAB", 1...2))",
        text(letters + "   \"=;", 1...12).split(separator: " ").joined(separator: "  ")
      )
    }
    fields.append(("Content-Type", "application/x-amz-json-1.0"))
    signed = SignatureV4.Request(
      method: ["GET", "POST", "PUT"].randomElement(using: &random) ?? "GET",
      path: "/" + segments.joined(separator: "/"),
      query: parameters.joined(separator: "&"),
      fields: fields,
      payload: (0..<Int.random(in: 0...200)).map { _ in UInt8.random(in: .min ... .max) }
    )
    region = text("abcdefgh-12", 3...12)
    service = text("abcdefgh", 3...8)
    id = text("ABCDEFGH0123456789", 16...20)
    secret = text(letters + "/+", 1...90)
    token = Bool.random() ? text(letters + "/+=", 1...400) : nil
    date =
      "20\(text("0123456789", 2...2))0\(text("123456789", 1...1))1\(text("0123456789", 1...1))T1\(text("0123456789", 1...1))3000Z"
  }

  var command: [String: Any] {
    [
      "method": signed.method,
      "url": "https://example.com\(signed.path)" + (signed.query.isEmpty ? "" : "?\(signed.query)"),
      "fields": signed.fields.map { [$0.name, $0.value] },
      "payload": signed.payload.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(),
      "region": region, "service": service, "id": id, "secret": secret,
      "token": token as Any? ?? NSNull(), "date": date,
    ]
  }
}
