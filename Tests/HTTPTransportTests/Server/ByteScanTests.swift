import HTTPTypes
import Testing

@testable import HTTPTransport

@Suite("Scanning many bytes at once")
struct ByteScanTests {
  private static func parse(_ line: [UInt8]) -> (name: Range<Int>, value: Range<Int>)? {
    FieldLine.parse(line.span, 0..<line.count).map { ($0.name, $0.value) }
  }

  /// Good bytes of a length with one other byte at a place.
  private static func texts(_ length: Int, good: UInt8, other: UInt8) -> [[UInt8]] {
    (0..<length).map { place in
      var bytes = [UInt8](repeating: good, count: length)
      bytes[place] = other
      return bytes
    }
  }

  @Test(
    "Says of each byte at each place what looking at it alone says",
    arguments: [1, 31, 32, 33, 47, 48, 64, 65]
  )
  func everyByte(length: Int) {
    for other in UInt8.min...UInt8.max {
      for bytes in Self.texts(length, good: 0x7a, other: other) {
        let isValue = ByteScan.areFieldValue(bytes.span)
        #expect(isValue == ByteSet.isFieldValue(other), "\(other) in \(length)")
        let isToken = ByteScan.areToken(bytes.span)
        #expect(isToken == ByteSet.token.contains(other), "\(other) in \(length)")
        guard length >= ByteScan.minimumBytes else { continue }
        let isQuery = ByteScan.areQuery(bytes.span)
        #expect(isQuery == (ByteSet.target.contains(other) && other != 0x25), "\(other) in \(length)")
      }
    }
  }

  @Test("Escapes of a long query are read as those of a short one, wherever they stand")
  func escapes() {
    let rest = [UInt8](repeating: 0x61, count: 40)
    for high in UInt8.min...UInt8.max {
      for low in [0x30, 0x31, 0x39, 0x3a, 0x40, 0x41, 0x44, 0x46, 0x47, 0x60, 0x61, 0x64, 0x66, 0x67, 0x25]
        as [UInt8]
      {
        let escape: [UInt8] = [0x25, high, low]
        let isGood = RequestTargetParser.isQuery(escape.span)
        for (before, after) in [(0, 40), (40, 0), (14, 26), (15, 25), (16, 24), (38, 2), (37, 3)] {
          let query = rest.prefix(before) + escape + rest.prefix(after)
          let found = RequestTargetParser.isQuery(Array(query).span)
          #expect(found == isGood, "\(escape) after \(before)")
        }
      }
    }
    for cut in ["%", "%4"] {
      let isQuery = RequestTargetParser.isQuery((rest + Array(cut.utf8)).span)
      #expect(!isQuery)
    }
  }

  @Test(
    "A path of many kilobytes is refused for what a short one is, wherever that stands",
    arguments: ["//", "/./", "/../", ";", "\"", " ", "\u{7f}", "\u{e9}", "<"]
  )
  func longPath(bad: String) {
    let filler = String(repeating: "a/bc/.d/..e/", count: 100)
    for count in [0, 1, 7, 15, 16, 17, 60] {
      let path = "/" + String(repeating: "x", count: count) + bad + filler
      #expect(RequestTarget(path) == nil)
      #expect(RequestTarget("/" + filler + String(repeating: "y", count: count) + bad + "z") == nil)
    }
  }

  @Test(
    "The end of a long path counts too",
    arguments: [
      ("/.", false), ("/..", false), ("/...", true), ("/", true), ("/./", false), ("/../", false),
      ("/.../", true), ("/a./", true), ("/a.", true), ("x..", true),
    ]
  )
  func longPathEnd(end: String, isGood: Bool) {
    let start = "/" + String(repeating: "abcd/", count: 300) + "e"
    #expect((RequestTarget(start + end) != nil) == isGood)
    #expect((RequestTarget(start + end + "?a=/../") != nil) == isGood)
  }

  @Test(
    "A long path with escapes is none of ours; one without is split into as many parts as a route can have"
  )
  func longPaths() throws {
    #expect(RequestTarget("/" + String(repeating: "%41", count: 342)) == nil)
    #expect(try #require(RequestTarget("/" + String(repeating: "%41", count: 341))).segments[0].count == 341)
    let many = try #require(RequestTarget(String(repeating: "/a", count: 2000)))
    #expect(many.segments == Array(repeating: "a", count: RequestTarget.maximumSegments))
  }

  @Test("Blanks around a value are cut off, however many", arguments: [0, 1, 15, 16, 17, 31, 32, 33, 100])
  func blanks(count: Int) throws {
    for blank in [" ", "\t", " \t"] {
      let padding = String(repeating: blank, count: count)
      let text = Array("Name:\(padding)v w\(padding)".utf8)
      let entry = try #require(Self.parse(text))
      #expect(text[entry.value].elementsEqual("v w".utf8))
      let empty = Array("Name:\(padding)".utf8)
      #expect(try #require(Self.parse(empty)).value.isEmpty)
    }
  }

  @Test("Long names are names", arguments: [31, 32, 33, 200])
  func names(length: Int) throws {
    let name = String(repeating: "n", count: length)
    let text = Array("\(name):v".utf8)
    #expect(try #require(Self.parse(text)).name == 0..<length)
    for bad in ["\(name) :v", "\(name)", "\(name)(:v", "(\(name):v", "\(name)\u{80}:v"] {
      #expect(Self.parse(Array(bad.utf8)) == nil)
    }
  }

  @Test("A field that is read whole has an ordinary length, and the end of a list of proxies is what counts")
  func lengths() throws {
    let name = try #require(HTTPField.Name("X-Forwarded-For"))
    var fields = HeaderFields()
    for number in 0..<200 { fields.append(name, "10.0.0.\(number % 250)") }
    #expect(fields.list(name) == nil)
    let end = try #require(fields.listEnd(name))
    #expect(end.utf8.count <= FieldList.maximumBytes + 200)
    #expect(end.hasSuffix("10.0.0.198,10.0.0.199"))
    fields = [name: "1.1.1.1," + String(repeating: "8.8.8.8, ", count: 200) + "9.9.9.9"]
    #expect(try #require(fields.listEnd(name)).hasPrefix(" 8.8.8.8,"))
    #expect(try #require(fields.listEnd(name)).hasSuffix(" 9.9.9.9"))
    #expect(fields.value(name, atMost: 100) == nil)
    fields = [name: "a"]
    fields.append(name, "b")
    #expect(fields.list(name) == "a, b")
    #expect(!fields.isOnly(name, "a"))
  }

  @Test(
    "What is longer than a list is counts as absent",
    arguments: [
      String(repeating: ",", count: 64), String(repeating: "gzip;q=0,", count: 200),
      String(repeating: "a", count: 1025),
    ]
  )
  func lists(text: String) {
    let bytes = Array(text.utf8)
    var visited = 0
    let isWhole = FieldList.forEachElement(bytes.span) { _ in visited += 1 }
    #expect(!isWhole)
    #expect(visited <= FieldList.maximumElements)
    #expect(!AcceptEncoding.allowsGzip(text + ",gzip"))
  }

  @Test("Content that stays the same is compressed once")
  func fixedBody() {
    let body = FixedBody([1, 2, 3])
    var times = 0
    for _ in 0..<3 {
      let compressed = body.compressed { bytes in
        times += 1
        return [UInt8(bytes.count)]
      }
      #expect(compressed == [3])
    }
    #expect(times == 1)
    let large = FixedBody([])
    for _ in 0..<3 {
      let compressed = large.compressed { _ in
        times += 1
        return nil
      }
      #expect(compressed == nil)
    }
    #expect(times == 2)
  }
}
