import EventLoops
import HTTPTypes
import Testing

@testable import HTTPTransport

@Suite("Parser of answers")
struct ClientResponseParserTests {
  /// What a parser makes of an answer: comparable.
  private enum Outcome: Equatable, CustomStringConvertible {
    case answer(status: Int, fields: [String], body: String, reusable: Bool, left: Int)
    case failed(HTTPClientError)
    case incomplete

    var description: String {
      switch self {
      case .answer(let status, let fields, let body, let reusable, let left):
        "\(status) \(fields) \(body) reusable: \(reusable) left: \(left)"
      case .failed(let error): "\(error)"
      case .incomplete: "incomplete"
      }
    }
  }

  /// Parses pieces, then the end of the stream if the answer is not whole.
  private static func parse(
    _ pieces: [ArraySlice<UInt8>],
    method: HTTPRequest.Method = .get,
    ends: Bool = true,
    maximumHeadBytes: Int = 200,
    maximumBodyBytes: Int = 100
  ) -> Outcome {
    var parser = ResponseParser(
      method: method,
      maximumHeadBytes: maximumHeadBytes,
      maximumBodyBytes: maximumBodyBytes
    )
    var input = ByteBuffer()
    do throws(HTTPClientError) {
      for piece in pieces {
        input.append(contentsOf: piece)
        try parser.consume(&input)
      }
      if parser.response == nil, ends { try parser.endOfStream() }
    } catch {
      return .failed(error)
    }
    guard let response = parser.response else { return .incomplete }
    return .answer(
      status: response.status.code,
      fields: response.fields.all.map { "\($0.name)=\($0.value)" },
      body: String(decoding: response.body, as: UTF8.self),
      reusable: parser.allowsReuse,
      left: input.count
    )
  }

  private static func parse(_ text: String, method: HTTPRequest.Method = .get) -> Outcome {
    parse([ArraySlice(text.utf8)], method: method)
  }

  private static let samples = [
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: \t a b \r\n\r\nhello",
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloleft over",
    "HTTP/1.1 404 \r\nContent-Length: 0\r\nEmpty:\r\n\r\n",
    "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 204 No Content\r\n\r\n",
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;a=b\r\n world\r\n0\r\nContent-Type: 9\r\n\r\n",
    "HTTP/1.1 200 OK\r\n\r\nuntil the end",
    "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "HTTP/1.1 200 OK\r\nConnection: keep-alive, Close\r\nContent-Length: 2\r\n\r\nok",
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel",
    "HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 5\nX: y\r\n\r\nhello",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloX\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nX: \(String(repeating: "y", count: 200))\r\n\r\n",
    "SSH-2.0-OpenSSH_9.6\r\n",
    "\r\nHTTP/1.1 200 OK\r\n\r\n",
    "",
  ]

  @Test("Any split of an answer gives the same outcome", arguments: samples)
  func splits(text: String) {
    let bytes = Array(text.utf8)
    let whole = Self.parse([bytes[...]])
    for cut in bytes.indices {
      #expect(Self.parse([bytes[..<cut], bytes[cut...]]) == whole, "cut at \(cut)")
    }
    #expect(Self.parse(bytes.indices.map { bytes[$0...$0] }) == whole, "byte by byte")
  }

  @Test(
    "Answers are read with their bodies, and tell whether the connection can go on",
    arguments: [
      (0, "200 [\"Content-Length=5\", \"X=a b\"] hello reusable: true left: 0"),
      (1, "200 [\"Content-Length=5\"] hello reusable: true left: 9"),
      (2, "404 [\"Content-Length=0\", \"Empty=\"]  reusable: true left: 0"),
      (3, "200 [\"Content-Length=0\"]  reusable: true left: 0"),
      (4, "204 []  reusable: true left: 0"),
      (5, "201 [\"Content-Length=2\"] {} reusable: true left: 0"),
      (6, "200 [\"Transfer-Encoding=chunked\"] hello world reusable: true left: 0"),
      (7, "200 [] until the end reusable: false left: 0"),
      (8, "200 [\"Content-Length=2\"] ok reusable: false left: 0"),
      (9, "200 [\"Connection=keep-alive, Close\", \"Content-Length=2\"] ok reusable: false left: 0"),
      (10, "connection closed within the answer"),
      (11, "answer larger than 100 bytes"),
      (12, "answer larger than 100 bytes"),
      (13, "malformed answer: CR or LF alone"),
      (14, "malformed answer: chunk data not ended by CRLF"),
      (15, "malformed answer: head larger than 200 bytes"),
      (16, "malformed answer: invalid status line"),
      (17, "malformed answer: invalid status line"),
      (18, "connection closed before the answer"),
    ]
  )
  func outcomes(sample: Int, expected: String) {
    #expect(Self.parse(Self.samples[sample]).description == expected)
  }

  @Test(
    "Malformed and ambiguous answers are refused (RFC 9112)",
    arguments: [
      "HTTP/2 200 OK\r\n\r\n", "HTTP/1.2 200 OK\r\n\r\n", "HTTP/1.1  200 OK\r\n\r\n",
      "HTTP/1.1 20 OK\r\n\r\n",
      "HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.1 099 OK\r\n\r\n", "HTTP/1.1 600 OK\r\n\r\n",
      "HTTP/1.1 2x0 OK\r\n\r\n",
      "HTTP/1.1 -20 OK\r\n\r\n", "http/1.1 200 OK\r\n\r\n", "HTTP/1.1 200\tOK\r\n\r\n",
      "HTTP/1.1 200 O\0K\r\n\r\n",
      "HTTP/1.1 200 OK\n\n", "HTTP/1.1 200 OK\r\r\n\r\n", "HTTP/1.1 200 OK\r\nX: a\rb\r\n\r\n",
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
      "HTTP/1.1 200 OK\r\nX : y\r\n\r\n", "HTTP/1.1 200 OK\r\n: y\r\n\r\n", "HTTP/1.1 200 OK\r\nX\r\n\r\n",
      "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n", "HTTP/1.1 200 OK\r\n X: a\r\n\r\n",
      "HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n",
      "HTTP/1.1 200 OK\r\nX: a\u{7f}\r\n\r\n", "HTTP/1.1 200 OK\r\nX\u{e9}: a\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok",
      "HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok", "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok", "HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok",
      "HTTP/1.1 200 OK\r\nContent-Length: 02\r\n\r\nok", "HTTP/1.1 200 OK\r\nContent-Length: 0x2\r\n\r\nok",
      "HTTP/1.1 200 OK\r\nContent-Length: 2 2\r\n\r\nok",
      "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nok",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked,\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: \u{b}chunked\r\n\r\n",
      "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "HTTP/1.1 204 X\r\nTransfer-Encoding: chunked\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\nok\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n",
    ]
  )
  func malformed(text: String) {
    guard case .failed(.malformedAnswer) = Self.parse(text) else {
      Issue.record("accepted: \(Self.parse(text))")
      return
    }
  }

  @Test("HEAD, 204 and 304 have no body whatever they announce")
  func noBody() {
    let head = Self.parse("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", method: .head)
    #expect(head.description == "200 [\"Content-Length=5\"]  reusable: true left: 0")
    let chunked = Self.parse("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", method: .head)
    #expect(chunked.description == "200 [\"Transfer-Encoding=chunked\"]  reusable: true left: 0")
    let notModified = Self.parse("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n")
    #expect(notModified.description == "304 [\"Content-Length=5\"]  reusable: true left: 0")
    let odd = Self.parse("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n")
    #expect(odd.description == "204 [\"Content-Length=5\"]  reusable: false left: 0")
  }

  @Test("An endless row of interim answers is refused")
  func interim() {
    let text = String(repeating: "HTTP/1.1 102 Processing\r\n\r\n", count: 17)
    #expect(Self.parse(text) == .failed(.malformedAnswer("too many interim answers")))
  }

  @Test("A body of unknown length is bounded too, and the largest body allowed is taken")
  func bodyLimit() {
    let body = String(repeating: "x", count: 100)
    #expect(Self.parse("HTTP/1.1 200 OK\r\n\r\n\(body)x") == .failed(.answerTooLarge(limit: 100)))
    for text in [
      "HTTP/1.1 200 OK\r\n\r\n\(body)", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n\(body)",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\n\(body)\r\n0\r\n\r\n",
    ] {
      guard case .answer(200, _, body, _, 0) = Self.parse(text) else {
        Issue.record("refused: \(Self.parse(text))")
        continue
      }
    }
  }

  @Test("An answer that has only begun is not there yet")
  func incomplete() {
    let bytes = Array("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello".utf8)
    for end in 0..<bytes.count { #expect(Self.parse([bytes[..<end]], ends: false) == .incomplete) }
  }

  /// A small generator of numbers with a fixed seed, so that a failure can be repeated.
  private struct Xorshift: RandomNumberGenerator {
    var state: UInt64 = 0x9E37_79B9_7F4A_7C15

    mutating func next() -> UInt64 {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return state
    }
  }

  @Test("Damaged answers neither trap nor depend on the split")
  func damaged() {
    var random = Xorshift()
    let alphabet = Array("\r\n\0 :;,x0159afHTP/.\t\"\u{7f}\u{80}".utf8)
    for text in Self.samples where !text.isEmpty {
      for _ in 0..<300 {
        var bytes = Array(text.utf8)
        for _ in 0..<Int.random(in: 1...3, using: &random) {
          let place = Int.random(in: 0..<bytes.count, using: &random)
          let byte = alphabet[Int.random(in: 0..<alphabet.count, using: &random)]
          switch Int.random(in: 0..<3, using: &random) {
          case 0: bytes[place] = byte
          case 1: bytes.insert(byte, at: place)
          default: if bytes.count > 1 { bytes.remove(at: place) }
          }
        }
        let whole = Self.parse([bytes[...]])
        let cut = Int.random(in: 0...bytes.count, using: &random)
        #expect(Self.parse([bytes[..<cut], bytes[cut...]]) == whole, "\(bytes) cut at \(cut)")
        #expect(Self.parse(bytes.indices.map { bytes[$0...$0] }) == whole, "\(bytes)")
      }
    }
  }
}
