import Crypto
import Testing

@testable import Crypto

@Suite struct EncodingTests {
  private func hex(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  @Test(
    "Base64url, as in RFC 4648 §10",
    arguments: [
      ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE"),
      ("foobar", "Zm9vYmFy"),
    ]
  )
  func base64URL(_ plain: String, _ encoded: String) {
    #expect(Base64URL.encode(Array(plain.utf8)) == encoded)
    #expect(Base64URL.decode(encoded) == Array(plain.utf8))
    let padding = String(repeating: "=", count: (4 - encoded.count % 4) % 4)
    #expect(Base64.encode(Array(plain.utf8)) == encoded + padding)
  }

  @Test("Secrets are the same if every byte is")
  func sameSecret() {
    let secret = Array("a secret of some length, which is more than a vector's".utf8)
    func isSame(_ other: [UInt8]) -> Bool { secret.span.isSameSecret(as: other.span) }
    #expect(isSame(Array(secret)))
    for index in secret.indices {
      var other = secret
      other[index] ^= 0x80
      #expect(!isSame(other))
      #expect(!isSame(Array(secret[..<index])))
    }
  }

  @Test("Every byte survives, in the URL's alphabet")
  func allBytes() {
    let bytes = (0...255).map { UInt8($0) }
    #expect(Base64URL.decode(Base64URL.encode(bytes)) == bytes)
    #expect(Base64URL.encode([0xfb, 0xff]) == "-_8")
    #expect(Base64.encode([0xfb, 0xff]) == "+/8=")
  }

  @Test(
    "No second spelling is read",
    arguments: ["Zg==", "Zh", "Zm9", "Z", "Zm9v Yg", "+/8", "Zm8=", "Zé", "Zm9vY\n"]
  )
  func notCanonical(_ text: String) { #expect(Base64URL.decode(text) == nil) }

  @Test(
    "A key's numbers are read with padding and in the plain alphabet too, but not half padded",
    arguments: [
      ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zg", "f"), ("Zm9v=", nil), ("Zg=", nil),
      ("Zg===", nil),
      ("=", nil), ("==", nil), ("Z===", nil), ("Zh==", nil),
    ] as [(String, String?)]
  )
  func lenient(_ text: String, _ plain: String?) {
    #expect(Base64URL.decodeLeniently(text) == plain.map { Array($0.utf8) })
  }

  @Test("The plain alphabet means the same bytes as the URL's")
  func plainAlphabet() {
    #expect(Base64URL.decodeLeniently("+/8=") == [0xfb, 0xff])
    #expect(Base64URL.decodeLeniently("-_8") == [0xfb, 0xff])
  }

  @Test("SHA-256, as in FIPS 180-4's examples")
  func sha256() {
    #expect(
      hex(Digest.sha256([])) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    )
    #expect(
      hex(Digest.sha256(Array("abc".utf8)))
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )
  }

  @Test("HMAC-SHA-256, as in RFC 4231 §4.3, §4.7")
  func hmac() {
    let short = Digest.hmacSHA256(
      key: Array("Jefe".utf8),
      message: Array("what do ya want for nothing?".utf8)
    )
    #expect(hex(short) == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    let long = Digest.hmacSHA256(
      key: Array(repeating: 0xaa, count: 131),
      message: Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8)
    )
    #expect(hex(long) == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
  }
}
