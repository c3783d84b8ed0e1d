import Crypto
import SharedAuth
import Testing

@Suite struct SecretTests {
  @Test("A secret does not show")
  func secret() {
    let secret = Secret("s3cret")
    var dumped = ""
    dump(secret, to: &dumped)
    var nested = ""
    dump(UpstreamTokensConfiguration(clientID: "id", clientSecret: secret), to: &nested)
    for text in ["\(secret)", String(reflecting: secret), String(describing: [secret]), dumped, nested] {
      #expect(!text.contains("s3cret"))
    }
    #expect("\(secret)" == "****")
    #expect(secret.reveal() == "s3cret")
  }
}
