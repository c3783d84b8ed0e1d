import HTTPTypes
import Testing

@testable import HTTPTransport

@Suite("Header fields")
struct HeaderFieldsTests {
  @Test("Names are compared without regard to case, values of one name are joined")
  func lookUp() {
    var fields: HeaderFields = [.contentType: "text/plain", .accept: "a"]
    fields.append(.accept, "b")
    #expect(fields[HTTPField.Name("ACCEPT")!] == "a, b")
    #expect(fields.values(.accept) == ["a", "b"])
    #expect(fields[.allow] == nil)
    #expect(fields.count == 3)
  }

  @Test("The only value of a name is given as its bytes, one of several is not")
  func onlyValue() {
    var fields: HeaderFields = [.contentType: "text/plain", .accept: "a"]
    #expect(fields.onlyValue(.contentType).map(Array.init) == Array("text/plain".utf8))
    #expect(fields.onlyValue(.allow) == nil)
    fields.append(.accept, "a")
    #expect(fields.onlyValue(.accept) == nil)
  }

  @Test("Setting replaces all values, setting nil removes them")
  func set() {
    var fields: HeaderFields = [.accept: "a", .allow: "GET"]
    fields.append(.accept, "b")
    fields[.accept] = "c"
    #expect(fields.all.map(\.name) == ["Allow", "Accept"])
    fields[.accept] = nil
    #expect(fields.all.map(\.value) == ["GET"])
    #expect(fields.known == [])
  }

  @Test("A value can not end its line", arguments: ["a\r\nX-Evil: 1", "a\nb", "a\0b", "a\rb", "a\u{7f}b"])
  func injection(_ value: String) {
    let fields: HeaderFields = [.location: value]
    #expect(!fields.storage.dropLast(2).contains { $0 < 32 || $0 == 127 })
    #expect(fields.count == 1)
  }

  @Test("Changing a parsed request's fields leaves its bytes alone")
  func parsed() throws {
    let text = Array("GET / HTTP/1.1\r\nHost: a\r\nAccept:  b\r\n\r\n".utf8)
    var parser = RequestParser(limits: HTTPServerConfiguration().parserLimits)
    let request = try #require(try parser.parse(text.span)).request
    var fields = request.head.fields
    fields[.allow] = "GET"
    #expect(fields.all.map { "\($0)=\($1)" } == ["Host=a", "Accept=b", "Allow=GET"])
    #expect(request.head.fields.count == 2)
    #expect(request.head.authority == "a")
  }
}
