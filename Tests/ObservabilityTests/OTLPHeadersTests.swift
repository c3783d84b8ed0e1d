import Testing

@testable import Observability

@Suite("Header fields of an exporter")
struct OTLPHeadersTests {
  @Test(
    "are read as W3C Baggage: percent-decoded, without blanks around names and values",
    arguments: [
      ("", []), (" , ,", []), ("a=b", ["a=b"]),
      ("authorization=Basic%20dXNlcjpwYXNz%3D%3D", ["authorization=Basic dXNlcjpwYXNz=="]),
      ("a=b,c=d", ["a=b", "c=d"]), (" a\t=  b c\t, c = d ", ["a=b c", "c=d"]), ("a=b=c==", ["a=b=c=="]),
      ("a=", ["a="]), ("a=%20b%20", ["a= b "]), ("a=1%2C2", ["a=1,2"]), ("a=%25", ["a=%"]),
      ("a=1+2", ["a=1+2"]),
      ("x%2Dkey=v", ["x-key=v"]), ("a=1,A=2", ["A=2"]), ("a=%C3%A9", ["a=\u{E9}"]), ("a=b;c", ["a=b;c"]),
    ]
  )
  func read(text: String, headers: [String]) throws {
    #expect(try OTLPHeaders.parse(text).map { "\($0.name)=\($0.value)" } == headers)
  }

  @Test(
    "are refused with their place in the list, and nothing of their values",
    arguments: [
      ("a", "header 1 of the list is not name=value"),
      ("a=b,secret", "header 2 of the list is not name=value"),
      ("=secret", "header 1 of the list has no name that a header can have"),
      ("a b=secret", "header 1 of the list has no name that a header can have"),
      ("\u{E9}=secret", "header 1 of the list has no name that a header can have"),
      ("a%0A=secret", "header 1 of the list has no name that a header can have"),
      (
        "a=secret%",
        "header 1 of the list has a % without two hexadecimal digits in its value: write %25 for a %"
      ),
      (
        "a=secret%4",
        "header 1 of the list has a % without two hexadecimal digits in its value: write %25 for a %"
      ),
      (
        "a=secret%zz",
        "header 1 of the list has a % without two hexadecimal digits in its value: write %25 for a %"
      ),
      ("a=secret%0D%0Ab:c", "header 1 of the list has a control character in its value"),
      ("a=secret%00", "header 1 of the list has a control character in its value"),
    ]
  )
  func refused(text: String, reason: String) {
    #expect(throws: OTLPHeaders.Failure(description: reason)) { try OTLPHeaders.parse(text) }
  }
}
