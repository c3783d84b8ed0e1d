internal import HTTPTransport
internal import HTTPTypes

/// Signing in and out in a browser (docs/contract/upstreams.md §5, steps 2, 3, 7 and 8). There are no sessions: whoever
/// comes chooses a sample user.
extension AuthDouble {
  /// How long a token is to last that comes of a sign-in.
  private static let lifetimes: [(value: String, label: String)] = [
    ("3600", "an hour"), ("120", "two minutes"), ("-120", "not at all: it has expired already"),
  ]

  /// `GET /auth/oauth/authorize`: the page with the sample users.
  func signInPage(_ request: ServerRequest) -> ServerResponse {
    let query = request.head.target.query
    guard let client = SampleClient.signIn(query, among: clients) else {
      return Self.refusedSignIn(query)
    }
    guard query["response_type"] == "code" else {
      return Self.sendBack(query, ["error": "unsupported_response_type"])
    }
    let users = SampleUser.all.map { user in
      let place = user.caseloads.isEmpty ? user.authSource : user.caseloads.joined(separator: ", ")
      return """
        <li>
        <button name="username" value="\(user.username)" aria-describedby="about-\(user.username)">\
        Sign in as \(DoublePage.escaped(user.name))</button>
        <div id="about-\(user.username)">\(DoublePage.escaped(user.purpose)) \
        <span class="roles">(\(user.username), \(place): \(user.roles.joined(separator: ", ")))</span></div>
        </li>
        """
    }
    let lifetimes = Self.lifetimes.map { #"<option value="\#($0.value)">\#($0.label)</option>"# }
    let action = "/auth/oauth/authorize?\(query.raw)"
    return DoublePage(
      of: .auth,
      title: "Sign in",
      content: """
        <p class="warning">For \(DoublePage.escaped(client.purpose)). There are no passwords here: choose whom to \
        sign in as.</p>
        <form method="post" action="\(DoublePage.escaped(action))">
        <p><label for="lifetime">The token is good for</label>
        <select id="lifetime" name="lifetime">\(lifetimes.joined())</select></p>
        <ul class="users">
        \(users.joined(separator: "\n"))
        </ul>
        </form>
        """
    ).response()
  }

  /// `POST /auth/oauth/authorize`: somebody was chosen on that page.
  func signIn(_ request: ServerRequest) async -> ServerResponse {
    let query = request.head.target.query
    guard let client = SampleClient.signIn(query, among: clients), let uri = query["redirect_uri"] else {
      return Self.refusedSignIn(query)
    }
    let form = QueryParameters(form: (try? await request.body()) ?? [])
    guard let user = form["username"].flatMap({ SampleUser.named($0) }) else {
      return Self.sendBack(query, ["error": "access_denied"])
    }
    let code = codes.make(
      .init(
        user: user,
        clientID: client.clientID,
        redirectURI: uri,
        tokenLifetime: Self.lifetime(form["lifetime"])
      )
    )
    return Self.sendBack(query, ["code": code])
  }

  /// `GET /auth/sign-out`: back to the front end, where signing in begins again.
  func signOut(_ request: ServerRequest) -> ServerResponse {
    let query = request.head.target.query
    let known = clients.first { $0.clientID == query["client_id"] }
    if let uri = query["redirect_uri"], known?.allowsRedirect(to: uri) == true { return Self.redirect(uri) }
    return DoublePage(
      of: .auth,
      title: "You have signed out",
      content: "<p>Sign in again from the service you came from.</p>"
    ).response()
  }

  /// `GET /auth/account-details`: a page that leads back.
  func accountDetails(_ request: ServerRequest) -> ServerResponse {
    let query = request.head.target.query
    let known = clients.first { $0.clientID == query["client_id"] }
    var content = "<p>Sample users cannot be changed. They are:</p><dl>"
    for user in SampleUser.all {
      content += "<dt>\(DoublePage.escaped(user.name)), \(user.username)</dt>"
      content += "<dd>\(DoublePage.escaped(user.purpose))</dd>"
    }
    content += "</dl>"
    if let uri = query["redirect_uri"], known?.allowsRedirect(to: uri) == true {
      content += #"<p><a href="\#(DoublePage.escaped(uri))">Back to the service</a></p>"#
    }
    return DoublePage(of: .auth, title: "Your account details", content: content).response()
  }

  /// A number of seconds between a day ago and a day from now; an hour for anything else.
  static func lifetime(_ text: String?) -> Duration {
    guard let seconds = text.flatMap({ Int64($0) }), (-86_400...86_400).contains(seconds) else {
      return tokenLifetime
    }
    return .seconds(seconds)
  }

  /// Never a redirect: who asks is not who they say, or wants somebody sent where nobody may be (RFC 6749 §4.1.2.1).
  private static func refusedSignIn(_ query: QueryParameters) -> ServerResponse {
    let client = DoublePage.escaped(query["client_id"] ?? "none")
    let uri = DoublePage.escaped(query["redirect_uri"] ?? "none")
    return DoublePage(
      of: .auth,
      title: "This sign-in cannot go on",
      content: """
        <p>The client must be one that users sign in with, and the redirect URI on this machine.</p>
        <dl><dt>client_id</dt><dd>\(client)</dd><dt>redirect_uri</dt><dd>\(uri)</dd></dl>
        """
    ).response(.badRequest)
  }

  /// To the client's redirect URI with these parameters and the client's `state`, unchanged.
  private static func sendBack(_ query: QueryParameters, _ parameters: [String: String]) -> ServerResponse {
    guard let uri = query["redirect_uri"] else { return refusedSignIn(query) }
    var pairs = parameters.map { "\($0.key)=\(PercentCoding.encode($0.value))" }
    if let state = query["state"] { pairs.append("state=\(PercentCoding.encode(state))") }
    return redirect(uri + (uri.contains("?") ? "&" : "?") + pairs.joined(separator: "&"))
  }

  private static func redirect(_ uri: String) -> ServerResponse {
    ServerResponse(status: .found, fields: [.location: uri, .cacheControl: "no-store"])
  }
}

extension SampleClient {
  /// The client of an authorization request, if it may have users signed in and sent to where it wants them.
  fileprivate static func signIn(_ query: QueryParameters, among clients: [SampleClient])
    -> SampleClient?
  {
    guard let client = clients.first(where: { $0.clientID == query["client_id"] }),
      let uri = query["redirect_uri"], client.allowsRedirect(to: uri)
    else { return nil }
    return client
  }
}
