import Testing

@testable import Events

@Suite struct XMLElementTests {
  private func parse(_ text: String) throws -> XMLElement { try XMLElement(parsing: Array(text.utf8)) }

  @Test("An answer of SNS")
  func answer() throws {
    let root = try parse(
      """
      <?xml version="1.0" encoding="UTF-8"?>
      <!-- made up -->
      <PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/" a = 'b>c'>
        <PublishResult>
          <MessageId>94f20ce6-13c5-43a0-9a9e-ca52d816e90b</MessageId><Empty/><Empty2></Empty2 >
        </PublishResult>
      </PublishResponse>

      """
    )
    #expect(root.name == "PublishResponse")
    let result = try #require(root.first("PublishResult"))
    #expect(result.text("MessageId") == "94f20ce6-13c5-43a0-9a9e-ca52d816e90b")
    #expect(result.text("Empty") == "")
    #expect(result.children.map(\.name) == ["MessageId", "Empty", "Empty2"])
    #expect(result.text("Other") == nil)
  }

  @Test("Entities, in text alone")
  func entities() throws {
    let root = try parse("<a>&lt;b&gt; &amp;amp; &quot;&apos; &#65;&#x42;&#x1F600; é<!-- x -->!</a>")
    #expect(root.text == "<b> &amp; \"' AB\u{1F600} é!")
    #expect(root.children.isEmpty)
  }

  @Test(
    "What is no document, or one of a kind that AWS does not send",
    arguments: [
      "", "text", "<a>", "<a></b>", "<a/><b/>", "<a/>x", "<a b=c/>", "<a b/>", "<a b='<'/>", "< a/>",
      "<a>&x;</a>",
      "<a>&amp</a>", "<a>&#xD800;</a>", "<a>&#99999999;</a>", "<a>&#x110000;</a>", "<a>&#-1;</a>",
      "<a><!-- </a>",
      "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>", "<a><![CDATA[x]]></a>", "<a><?php ?></a>", "<?xml <a/>",
      "{\"a\":1}", "<html><br></html>",
    ]
  )
  func refused(_ text: String) {
    #expect(throws: XMLElement.ParseError.self) { try parse(text) }
  }

  @Test("Bytes that are not UTF-8, and nesting without end")
  func hostile() {
    #expect(throws: XMLElement.ParseError.self) {
      try XMLElement(parsing: Array("<a>".utf8) + [0xFF] + Array("</a>".utf8))
    }
    #expect(throws: XMLElement.ParseError.self) { try parse(String(repeating: "<a>", count: 100_000)) }
  }

  @Test("A document cut off anywhere is refused")
  func truncated() {
    let text = Array("<?xml version='1.0'?><a b='c'><d>&amp;&#65;</d><!-- e --><f/></a>".utf8)
    for length in 0..<text.count {
      #expect(throws: XMLElement.ParseError.self, "\(length)") {
        try XMLElement(parsing: Array(text[..<length]))
      }
    }
  }
}
