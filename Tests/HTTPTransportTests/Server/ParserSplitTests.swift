import HTTPTypes
import Testing

@testable import HTTPTransport

@Suite("The parser and the split of its bytes")
struct ParserSplitTests {
  /// What a parser made of some bytes, comparable.
  enum Outcome: Equatable {
    case request(String, length: Int)
    case refused(RequestRefusal)
    case incomplete
  }

  /// Feeds `bytes` so that the parser sees them grow at the given lengths.
  private func outcome(_ bytes: [UInt8], lengths: some Sequence<Int>) -> Outcome {
    let configuration = HTTPServerConfiguration()
    var parser = RequestParser(limits: configuration.parserLimits)
    for length in lengths {
      do throws(RequestRefusal) {
        guard let (request, used) = try parser.parse(bytes.span.extracting(0..<length)) else { continue }
        let head = request.head
        let description =
          "\(head.method) \(head.target.path) \(head.target.query.raw) \(head.version) \(head.fields.all) "
          + "\(head.authority) \(request.framing) \(request.keepsAlive) \(request.expectsContinue)"
        return .request(description, length: used)
      } catch {
        return .refused(error)
      }
    }
    return .incomplete
  }

  static let samples: [WireCase] =
    refusedRequests.filter { $0.bytes.count < 2000 }
    + soundRequests.filter { $0.bytes.count < 2000 }.map {
      WireCase($0.id, String(decoding: $0.bytes, as: UTF8.self))
    }

  @Test(
    "Cutting a head in two anywhere, or feeding it byte by byte, gives the same reading",
    arguments: samples
  )
  func splits(_ sample: WireCase) {
    let bytes = sample.bytes
    let whole = outcome(bytes, lengths: [bytes.count])
    for cut in 0..<bytes.count {
      #expect(outcome(bytes, lengths: [cut, bytes.count]) == whole, "cut at \(cut)")
    }
    #expect(outcome(bytes, lengths: 0...bytes.count) == whole)
  }

  @Test(
    "Limits do not depend on the split",
    arguments: [
      WireCase("longest line", "GET /\(String(repeating: "a", count: 8178)) HTTP/1.1\r\nHost: a\r\n\r\n"),
      WireCase("line too long", "GET /\(String(repeating: "a", count: 8179)) HTTP/1.1\r\nHost: a\r\n\r\n"),
      WireCase(
        "largest fields",
        "GET / HTTP/1.1\r\nHost: a\r\nA: \(String(repeating: "a", count: 16_368))\r\n\r\n"
      ),
      WireCase(
        "fields + 1",
        "GET / HTTP/1.1\r\nHost: a\r\nA: \(String(repeating: "a", count: 16_369))\r\n\r\n"
      ),
      WireCase(
        "fields + 4",
        "GET / HTTP/1.1\r\nHost: a\r\nA: \(String(repeating: "a", count: 16_372))\r\n\r\n"
      ),
      WireCase("endless field", "GET / HTTP/1.1\r\nHost: a\r\nA: \(String(repeating: "a", count: 20_000))"),
      WireCase("endless method", String(repeating: "A", count: 8194)),
      WireCase("blank too late", String(repeating: "A", count: 8193) + " "),
    ]
  )
  func limits(_ sample: WireCase) {
    let bytes = sample.bytes
    let whole = outcome(bytes, lengths: [bytes.count])
    #expect(outcome(bytes, lengths: 0...bytes.count) == whole)
    for cut in stride(from: 1, to: bytes.count, by: 97) {
      #expect(outcome(bytes, lengths: [cut, bytes.count]) == whole, "cut at \(cut)")
    }
  }

  @Test("The limits are what they say")
  func exactLimits() {
    func status(_ text: String) -> Int? {
      let bytes = Array(text.utf8)
      if case .refused(let refusal) = outcome(bytes, lengths: [bytes.count]) { return refusal.status.code }
      return nil
    }
    #expect(status("GET /\(String(repeating: "a", count: 8178)) HTTP/1.1\r\nHost: a\r\n\r\n") == nil)
    #expect(status("GET /\(String(repeating: "a", count: 8179)) HTTP/1.1\r\nHost: a\r\n\r\n") == 414)
    #expect(status("GET / HTTP/1.1\r\nHost: a\r\nA: \(String(repeating: "a", count: 16_000))\r\n\r\n") == nil)
    #expect(status("GET / HTTP/1.1\r\nHost: a\r\nA: \(String(repeating: "a", count: 16_384))\r\n\r\n") == 431)
  }

  @Test("Byte sets hold exactly the characters of their rules")
  func byteSets() {
    func set(_ text: String) -> Set<UInt8> { Set(text.utf8) }
    let alphanumerics = set("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
    let token = alphanumerics.union(set("!#$%&'*+-.^_`|~"))
    let target = alphanumerics.union(set("-._~!$&'()*+,;=:@/?%"))
    let unreserved = alphanumerics.union(set("-._~"))
    let ipv6 = set("0123456789abcdefABCDEF:.")
    for byte in UInt8.min...UInt8.max {
      #expect(ByteSet.token.contains(byte) == token.contains(byte))
      #expect(ByteSet.target.contains(byte) == target.contains(byte))
      #expect(ByteSet.unreserved.contains(byte) == unreserved.contains(byte))
      #expect(ByteSet.ipv6.contains(byte) == ipv6.contains(byte))
      #expect(ByteSet.isFieldValue(byte) == (byte == 9 || byte >= 32 && byte != 127))
      #expect(ByteSet.hexadecimal(byte).map(Int.init) == Int(String(UnicodeScalar(byte)), radix: 16))
    }
  }
}
