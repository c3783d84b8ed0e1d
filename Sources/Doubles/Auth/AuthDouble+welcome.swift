internal import HTTPTransport
internal import HTTPTypes

/// What a front end does with this double, for whoever has none: signing in, and what comes of it.
extension AuthDouble {
  /// `GET /auth`: where to begin.
  func welcome() -> ServerResponse {
    let front = clients.filter(\.signsUsersIn).map { client in
      let query = [
        "response_type=code", "redirect_uri=\(PercentCoding.encode(signedInURL))",
        "state=\(PercentCoding.encode(client.clientID))",
        "client_id=\(PercentCoding.encode(client.clientID))",
      ].joined(separator: "&")
      let address = DoublePage.escaped("/auth/oauth/authorize?\(query)")
      let (name, purpose) = (
        DoublePage.escaped(client.clientID), DoublePage.escaped(client.purpose)
      )
      return #"<li><a href="\#(address)">Sign in with \#(name)</a>: \#(purpose)</li>"#
    }
    return DoublePage(
      of: .auth,
      title: "Sign in without a front end",
      content: """
        <p class="warning">Front ends send their users here to sign in. You can do the same, and see what they get.</p>
        <ul>
        \(front.joined(separator: "\n"))
        <li><a href="/auth/account-details">The sample users</a></li>
        <li><a href="/auth/.well-known/jwks.json">The keys</a> that tokens are checked with</li>
        </ul>
        """
    ).response()
  }

  /// `GET /auth/signed-in`: what a front end is sent back with, and what it does then (docs/contract/upstreams.md §5,
  /// step 4).
  func signedIn(_ request: ServerRequest) -> ServerResponse {
    let query = request.head.target.query
    guard let code = query["code"], let client = clients.first(where: { $0.clientID == query["state"] })
    else {
      return DoublePage(
        of: .auth,
        title: "Nobody has signed in",
        content: #"<p><a href="/auth">Sign in</a></p>"#
      )
      .response(.badRequest)
    }
    // The code comes from the address, which anybody may have made.
    let safe = code.filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }
    let call = """
      curl -s -u \(client.clientID):\(client.secret) -d grant_type=authorization_code \\
        -d code=\(safe) \\
        -d redirect_uri=\(signedInURL) \\
        \(baseURL)/oauth/token
      """
    return DoublePage(
      of: .auth,
      title: "You have signed in",
      content: """
        <p>A front end would now change the code it was sent for a token, once and within two minutes:</p>
        <pre>\(DoublePage.escaped(call))</pre>
        <p><a href="/auth">Sign in as somebody else</a></p>
        """
    ).response()
  }

  private var signedInURL: String { baseURL + "/signed-in" }
}
