import Crypto
import Foundation
import HTTPTransport
import HTTPTypes
import Synchronization
import TestKit
import Testing
import Time

@testable import Doubles

/// Signing in at the double of HMPPS Auth as a browser and a front end do it (docs/contract/upstreams.md §5).
@Suite("Signing in")
struct SignInTests {
  private static let redirect = "http://localhost:3000/sign-in/callback"
  private static let client = "hmpps-non-associations-ui-client"
  private static let form: HeaderFields = [.contentType: "application/x-www-form-urlencoded"]

  /// A clock that a test moves on.
  private final class TestClock: WallClock {
    private let offset = Mutex(Duration.zero)
    func now() -> Timestamp { SystemClock().now() + offset.withLock { $0 } }
    func advance(_ duration: Duration) { offset.withLock { $0 += duration } }
  }

  private func with(_ body: (AuthDouble, TestClock, _ url: String) async throws -> Void) async throws {
    let clock = TestClock()
    let auth = AuthDouble(key: try SigningKey.generate(), clock: clock)
    try await Loopback.serving({ await auth.respond(to: $0) }) { url in
      auth.baseURL = url + "/auth"
      try await body(auth, clock, url)
    }
  }

  private func query(_ changes: [String: String?] = [:]) -> String {
    var all: [String: String?] = [
      "response_type": "code", "redirect_uri": Self.redirect, "state": "a/b+c &d", "client_id": Self.client,
    ]
    for (name, value) in changes { all.updateValue(value, forKey: name) }
    return all.sorted { $0.key < $1.key }
      .compactMap { name, value in value.map { "\(name)=\(PercentCoding.encode($0))" } }
      .joined(separator: "&")
  }

  /// Chooses a user on the page, and gives what the browser is sent back with.
  private func signIn(
    _ url: String,
    _ changes: [String: String?] = [:],
    choice: String = "username=STAFF_USER2&lifetime=3600"
  ) async throws -> QueryParameters {
    let answer = try await Loopback.send(
      .post,
      "\(url)/auth/oauth/authorize?\(query(changes))",
      Self.form,
      body: choice
    )
    #expect(answer.status == .found)
    let location = try #require(answer.fields[.location])
    let parts = location.split(separator: "?", maxSplits: 1)
    #expect(parts[0] == Self.redirect)
    return QueryParameters(String(parts[1]))
  }

  private func exchange(
    _ url: String,
    code: String,
    client: String = Self.client,
    redirect: String = Self.redirect,
    isBasic: Bool = true
  ) async throws -> ClientResponse {
    var fields = Self.form
    if isBasic {
      fields[.authorization] = "Basic \(Data("\(client):clientsecret".utf8).base64EncodedString())"
    }
    let body =
      "grant_type=authorization_code&redirect_uri=\(PercentCoding.encode(redirect))&client_id=\(client)"
      + "&client_secret=clientsecret&code=\(PercentCoding.encode(code))"
    return try await Loopback.send(.post, url + "/auth/oauth/token", fields, body: body)
  }

  @Test("Without a front end: a page that leads to the sign-in, and then says how the code becomes a token")
  func withoutFrontEnd() async throws {
    try await with { _, _, url in
      let welcome = try await Loopback.send(.get, url + "/auth")
      let page = String(decoding: welcome.body, as: UTF8.self)
      let links = page.matches(of: /href="(\/auth\/oauth\/authorize[^"]+)"/).map {
        String($0.1).replacingOccurrences(of: "&amp;", with: "&")
      }
      #expect(links.count == 2)
      let link = try #require(links.first)
      #expect(try await Loopback.send(.get, url + link).status == .ok)
      let chosen = try await Loopback.send(.post, url + link, Self.form, body: "username=STAFF_USER2")
      let location = try #require(chosen.fields[.location])
      let back = try await Loopback.send(.get, location)
      #expect(back.status == .ok)
      let call = String(decoding: back.body, as: UTF8.self)
      let code = try #require(call.firstMatch(of: #/-d code=([^ ]+) /#)?.1)
      let redirect = try #require(call.firstMatch(of: #/-d redirect_uri=([^ ]+) /#)?.1)
      #expect(call.contains("curl -s -u \(Self.client):clientsecret"))
      let token = try await exchange(url, code: String(code), redirect: String(redirect))
      #expect(token.status == .ok)
      #expect(String(decoding: token.body, as: UTF8.self).contains(#""user_name":"STAFF_USER2""#))
      for wrong in ["", "?code=x", "?state=\(Self.client)", "?code=x&state=%3Cscript%3E"] {
        #expect(try await Loopback.send(.get, "\(url)/auth/signed-in\(wrong)").status == .badRequest)
      }
      let odd = try await Loopback.send(.get, "\(url)/auth/signed-in?code=%3Cb%3E%27&state=\(Self.client)")
      #expect(!String(decoding: odd.body, as: UTF8.self).contains("<b>"))
    }
  }

  @Test("The page has a button for every sample user, and only this machine may be sent back to")
  func page() async throws {
    try await with { _, _, url async throws in
      let page = try await Loopback.send(.get, "\(url)/auth/oauth/authorize?\(query())")
      #expect(page.status == .ok)
      #expect(page.fields[.contentType] == "text/html;charset=utf-8")
      for user in SampleUser.all {
        #expect(page.text.contains(#"<button name="username" value="\#(user.username)""#))
      }
      for uri in [
        "http://localhost.example.com/", "https://elsewhere.example/", "http://localhost@example.com/",
        "nowhere",
        "http://127.0.0.1:80x/",
      ] {
        let refused = try await Loopback.send(
          .get,
          "\(url)/auth/oauth/authorize?\(query(["redirect_uri": uri]))"
        )
        #expect(refused.status == .badRequest && refused.fields[.location] == nil, "\(uri)")
      }
      for client in ["nobody<script>", "hmpps-non-associations-ui", nil] {
        let refused = try await Loopback.send(
          .get,
          "\(url)/auth/oauth/authorize?\(query(["client_id": client]))"
        )
        #expect(refused.status == .badRequest)
        #expect(!refused.text.contains("<script>"))
      }
    }
  }

  @Test(
    "A code comes back with the state unchanged, and becomes a token of the user, once",
    arguments: [true, false]
  )
  func whole(isBasic: Bool) async throws {
    try await with { _, _, url async throws in
      let back = try await signIn(url)
      #expect(back["state"] == "a/b+c &d")
      let code = try #require(back["code"])
      let answer = try await exchange(url, code: code, isBasic: isBasic)
      #expect(answer.status == .ok)
      let fields = try answer.json()
      #expect(fields["user_name"] as? String == "STAFF_USER2")
      #expect(fields["auth_source"] as? String == "nomis")
      #expect(fields["expires_in"] as? Int == 3599)
      #expect(fields["scope"] as? String == "read")
      let keySet = try await Loopback.send(.get, url + "/auth/.well-known/jwks.json").text
      let token = try VerifiedToken(try #require(fields["access_token"] as? String), keySet: keySet)
      #expect(token.claims["name"] as? String == "Tina Taylor")
      #expect(token.claims["grant_type"] as? String == "authorization_code")
      #expect((token.claims["authorities"] as? [String])?.contains("ROLE_GLOBAL_SEARCH") == true)
      let again = try await exchange(url, code: code, isBasic: isBasic)
      #expect(again.status == .badRequest)
      #expect(try again.json()["error"] as? String == "invalid_grant")
    }
  }

  @Test("A code is for one client and one redirect URI, and for two minutes")
  func bound() async throws {
    try await with { _, clock, url async throws in
      func code() async throws -> String { try #require(try await signIn(url)["code"]) }
      let otherPlace = try await exchange(
        url,
        code: try await code(),
        redirect: "http://localhost:3000/other"
      )
      #expect(otherPlace.status == .badRequest)
      let otherClient = try await exchange(
        url,
        code: try await code(),
        client: "hmpps-restricted-patients-ui-client"
      )
      #expect(otherClient.status == .badRequest)
      let late = try await code()
      clock.advance(.seconds(121))
      #expect(try await exchange(url, code: late).status == .badRequest)
    }
  }

  @Test("Another response type, and nobody chosen, go back to the front end as errors")
  func errors() async throws {
    try await with { _, _, url async throws in
      let other = try await Loopback.send(
        .get,
        "\(url)/auth/oauth/authorize?\(query(["response_type": "token"]))"
      )
      #expect(other.fields[.location]?.contains("error=unsupported_response_type") == true)
      let nobody = try await signIn(url, choice: "username=NOBODY")
      #expect(nobody["error"] == "access_denied" && nobody["code"] == nil && nobody["state"] != nil)
    }
  }

  @Test("Clients that sign users in have no tokens of their own, and the others no users")
  func grants() async throws {
    try await with { _, _, url async throws in
      for (client, body) in [
        (Self.client, "grant_type=client_credentials"),
        ("hmpps-non-associations-ui", "grant_type=authorization_code&code=x"),
      ] {
        let answer = try await Loopback.send(
          .post,
          url + "/auth/oauth/token",
          Self.form,
          body: "\(body)&client_id=\(client)&client_secret=clientsecret"
        )
        #expect(answer.status == .badRequest)
        #expect(try answer.json()["error"] as? String == "unauthorized_client")
      }
    }
  }

  @Test(
    "What other services tell of the user: account, caseloads, whether the token is good, page components"
  )
  func userServices() async throws {
    try await with { auth, clock, url async throws in
      let user = try #require(SampleUser.named("STAFF_USER2"))
      let token = try auth.token(for: user, client: .nonAssociationsSignIn)
      let fields: HeaderFields = [.authorization: "Bearer \(token)"]
      let account = try await Loopback.send(.get, url + "/users/me", fields).json()
      #expect(account["username"] as? String == "STAFF_USER2" && account["name"] as? String == "Tina Taylor")
      #expect(account["activeCaseLoadId"] as? String == "MDI" && account["staffId"] as? Int == 100_002)
      let loads = try await Loopback.send(.get, url + "/me/caseloads", fields).json()
      #expect((loads["activeCaseload"] as? [String: String])?["name"] == "Moorland (HMP & YOI)")
      #expect((loads["caseloads"] as? [[String: String]])?.compactMap { $0["id"] } == ["MDI", "LEI"])
      #expect(try await Loopback.send(.post, url + "/token/verify", fields).text == #"{"active":true}"#)
      #expect(try await Loopback.send(.get, url + "/health/ping").status == .ok)
      let forged: HeaderFields = [.authorization: "Bearer \(token.dropLast(4))AAAA"]
      #expect(try await Loopback.send(.get, url + "/users/me", forged).status == .unauthorized)
      #expect(try await Loopback.send(.get, url + "/users/me").status == .unauthorized)
      clock.advance(.seconds(3601))
      #expect(try await Loopback.send(.post, url + "/token/verify", fields).text == #"{"active":false}"#)
    }
  }

  @Test(
    "The shared header shows the user and where they work, and leads to signing out; without a user it is 401"
  )
  func components() async throws {
    try await with { auth, _, url async throws in
      let path = url + "/components?component=header&component=footer&component=nonsense"
      func components(_ username: String) async throws -> [String: Any] {
        let user = try #require(SampleUser.named(username))
        let token = try auth.token(for: user, client: .restrictedPatientsSignIn)
        let name = try #require(HTTPField.Name("x-user-token"))
        return try await Loopback.send(.get, path, [.authorization: "Bearer x", name: token]).json()
      }
      let answer = try await components("LEEDS_USER")
      #expect(Set(answer.keys) == ["header", "footer", "meta"])
      let header = try #require(answer["header"] as? [String: Any])
      let html = try #require(header["html"] as? String)
      for part in [
        "Leo Lane", "Leeds (HMP)", #"<a href="/sign-out">Sign out</a>"#,
        #"/auth/account-details">Manage your details</a>"#,
      ] {
        #expect(html.contains(part), "\(part)")
      }
      #expect(header["javascript"] is [String])
      let style = try #require((header["css"] as? [String])?.first)
      #expect(style.hasSuffix("/components.css"))
      #expect(try await Loopback.send(.get, url + "/components.css").text.contains(".development-header"))
      let meta = try #require(answer["meta"] as? [String: Any])
      #expect((meta["activeCaseLoad"] as? [String: Any])?["caseLoadId"] as? String == "LEI")
      #expect((meta["caseLoads"] as? [[String: Any]])?.first?["currentlyActive"] as? Bool == true)
      #expect((meta["services"] as? [[String: Any]])?.first?["href"] as? String == "http://localhost:3000")
      let moorland = try await components("STAFF_USER1")
      let text = try #require((moorland["header"] as? [String: Any])?["html"] as? String)
      #expect(text.contains("Moorland (HMP &amp; YOI)"))
      let probation = try await components("PROBATION_USER")
      #expect((probation["meta"] as? [String: Any])?["activeCaseLoad"] == nil)
      #expect(try await Loopback.send(.get, path).status == .unauthorized)
      #expect(try await Loopback.send(.get, url + "/ping").status == .ok)
      let icon = try await Loopback.send(.get, url + "/favicon.ico")
      #expect(icon.status == .ok && icon.fields[.contentType]?.hasPrefix("image/") == true)
    }
  }

  @Test("Signing out leads back, but only to this machine; account details show a page with a way back")
  func signOut() async throws {
    try await with { _, _, url async throws in
      let query = "client_id=\(Self.client)&redirect_uri=http%3A%2F%2Flocalhost%3A3000"
      let out = try await Loopback.send(.get, "\(url)/auth/sign-out?\(query)")
      #expect(out.status == .found && out.fields[.location] == "http://localhost:3000")
      let elsewhere = try await Loopback.send(
        .get,
        "\(url)/auth/sign-out?client_id=\(Self.client)&redirect_uri=https%3A%2F%2Fexample.com"
      )
      #expect(elsewhere.status == .ok && elsewhere.fields[.location] == nil)
      let details = try await Loopback.send(.get, "\(url)/auth/account-details?\(query)")
      #expect(details.text.contains(#"<a href="http://localhost:3000">"#))
    }
  }

  @Test("On request tokens are short-lived or expired, and keys are rotated and withdrawn")
  func onRequest() async throws {
    try await with { auth, _, url async throws in
      let system = "grant_type=client_credentials&client_id=reporting-client&client_secret=clientsecret"
      func lifetime(_ more: String = "") async throws -> Int? {
        try await Loopback.send(.post, url + "/auth/oauth/token", Self.form, body: system + more)
          .json()["expires_in"] as? Int
      }
      #expect(try await lifetime("&lifetime=90") == 89)
      let control = url + "/auth/development"
      let set = try await Loopback.send(.post, control, Self.form, body: "tokenLifetime=120&rotateKeys=true")
      #expect(set.text == #"{"keys":2,"tokenLifetime":120}"#)
      #expect(try await lifetime() == 119)
      let old = try auth.token(of: .reader)
      _ = try await Loopback.send(.post, control, Self.form, body: "rotateKeys=true&withdrawKeys=true")
      let verified = try await Loopback.send(
        .post,
        url + "/token/verify",
        [.authorization: "Bearer \(old)"]
      )
      #expect(verified.text == #"{"active":false}"#)
      let code = try #require(try await signIn(url, choice: "username=STAFF_USER1&lifetime=-120")["code"])
      let expired = try await exchange(url, code: code).json()
      #expect(expired["expires_in"] as? Int == 0)
    }
  }
}
