internal import HTTPTransport
internal import HTTPTypes
internal import JSON

/// The header and footer that the front ends share, and what they are told of the user with them
/// (docs/contract/upstreams.md §5.1).
extension AuthDouble {
  private static let userToken = HTTPField.Name("x-user-token")

  /// `GET /components`: the fragments that are asked for, for the user whose token `x-user-token` holds; 401 without one,
  /// for which a front end shows fragments of its own.
  func components(_ request: ServerRequest) -> ServerResponse {
    guard let token = Self.userToken.flatMap({ request.head.fields[$0] }),
      let user = subject(ofToken: token).flatMap({ SampleUser.named($0) })
    else {
      return .json(.unauthorized, #"{"status":401,"userMessage":"x-user-token holds no token of a user"}"#)
    }
    var json = JSONWriter(capacity: 4096)
    json.beginObject()
    for name in Set(request.head.target.query.all("component")).sorted() {
      let html: String
      switch name {
      case "header": html = header(for: user)
      case "footer": html = Self.footer
      default: continue
      }
      json.key(name)
      json.beginObject()
      json.field("html", html)
      json.field("css", [servicesURL + "/components.css"])
      json.field("javascript", [String]())
      json.endObject()
    }
    json.key("meta")
    json.writeMeta(of: user)
    json.endObject()
    return .json(.ok, json.bytes)
  }

  /// Where this double answers for the services beside HMPPS Auth.
  private var servicesURL: String {
    baseURL.hasSuffix("/auth") ? String(baseURL.dropLast("/auth".count)) : baseURL
  }

  /// To sign out is the front end's own affair (docs/contract/upstreams.md §5 step 7); the link leads there.
  private func header(for user: SampleUser) -> String {
    let caseload = user.activeCaseLoadID.map { id in
      #"<li data-part="caseload">\#(DoublePage.escaped(SampleAgency.name(of: id)))</li>"#
    }
    return """
      <header class="development-header" role="banner">
      <a href="\(DoublePage.escaped(servicesURL))/">Digital Prison Services <span>development</span></a>
      <nav aria-label="Account"><ul>
      <li data-part="user">\(DoublePage.escaped(user.name))</li>
      \(caseload ?? "")
      <li><a href="\(DoublePage.escaped(baseURL))/account-details">Manage your details</a></li>
      <li><a href="/sign-out">Sign out</a></li>
      </ul></nav>
      </header>
      """
  }

  private static let footer = """
    <footer class="development-footer" role="contentinfo">Development components of the gateway's all-in-one profile</footer>
    """

  /// `GET /components.css`.
  static let componentStyle = ServerResponse(
    status: .ok,
    fields: [.contentType: "text/css;charset=utf-8"],
    body: Array(
      """
      .development-header { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0.5rem 2rem;
        padding: 0.8rem 1rem; background: #0b0c0c; color: #fff; font: 1.1rem/1.4 Arial, sans-serif; }
      .development-header a { color: #fff; font-weight: bold; }
      .development-header span { background: #1d70b8; padding: 0 0.4rem; font-weight: normal; }
      .development-header ul { display: flex; flex-wrap: wrap; gap: 0.5rem 1.5rem; list-style: none; margin: 0; padding: 0; }
      .development-footer { padding: 0.8rem 1rem; border-top: 1px solid #b1b4b6; background: #f3f2f1; color: #0b0c0c;
        font: 1rem/1.4 Arial, sans-serif; }

      """.utf8
    )
  )
}

extension JSONWriter {
  /// What the components tell of a user besides HTML: where the user works, and which services there are.
  fileprivate mutating func writeMeta(of user: SampleUser) {
    beginObject()
    if let active = user.activeCaseLoadID {
      key("activeCaseLoad")
      caseLoad(active, of: user)
    }
    key("caseLoads")
    beginArray()
    for id in user.caseloads { caseLoad(id, of: user) }
    endArray()
    key("services")
    beginArray()
    for frontEnd in SampleFrontEnd.allCases {
      beginObject()
      field("id", frontEnd.id)
      field("heading", frontEnd.title)
      field("description", frontEnd.summary)
      field("href", frontEnd.url)
      field("navEnabled", true)
      endObject()
    }
    endArray()
    field("allocationJobResponsibilities", [String]())
    endObject()
  }

  private mutating func caseLoad(_ id: String, of user: SampleUser) {
    beginObject()
    field("caseLoadId", id)
    field("description", SampleAgency.name(of: id))
    field("type", "INST")
    field("caseloadFunction", "GENERAL")
    field("currentlyActive", id == user.activeCaseLoadID)
    endObject()
  }
}
