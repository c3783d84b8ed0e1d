/// Another service that modules call.
public struct UpstreamDeclaration: Sendable {
  /// A call without consequences by which `gateway doctor` tries whether the service takes a module's tokens.
  public struct Probe: Sendable {
    /// Below the base URL.
    public let path: String
    /// Names and values, not yet encoded.
    public let query: [(String, String)]
    /// JSON to be posted; nil for a GET.
    public let body: String?
    /// What to do when the service refuses the token.
    public let roles: String

    /// - Parameter roles: a list as a sentence has it.
    public init(path: String, query: [(String, String)] = [], body: String? = nil, roles: String) {
      self.path = path
      self.query = query
      self.body = body
      self.roles = roles
    }
  }

  /// Tells services apart, here and in ``ModuleContext``.
  public let id: String
  /// As a sentence has it: `prisoner search`.
  public let title: String
  /// Says its base URL.
  public let base: Setting
  /// How to find out whether it takes tokens.
  public let probe: Probe

  /// - Parameter title: see ``title``.
  public init(id: String, title: String, base: Setting, probe: Probe) {
    self.id = id
    self.title = title
    self.base = base
    self.probe = probe
  }

  /// The same service, whose address this module looks for under another name first: the one that its service read.
  public func preferring(_ name: String) -> UpstreamDeclaration {
    UpstreamDeclaration(id: id, title: title, base: base.preferring(name), probe: probe)
  }
}

extension UpstreamDeclaration {
  /// Who prisoners are, and where.
  public static let prisonerSearch = UpstreamDeclaration(
    id: "prisonerSearch",
    title: "prisoner search",
    base: Setting(
      "API_BASE_URL_PRISONER_SEARCH",
      aliases: ["PRISONER_SEARCH_API_ENDPOINT_URL"],
      "Base URL of prisoner search."
    ),
    probe: Probe(
      path: "/prisoner-search/prisoner-numbers",
      query: [("responseFields", "prisonerNumber")],
      // Nobody's number: the answer is empty wherever one is.
      body: #"{"prisonerNumbers":["A0000AA"]}"#,
      roles: "PRISONER_SEARCH"
    )
  )

  /// Agencies, bookings and movements.
  public static let prisonAPI = UpstreamDeclaration(
    id: "prisonAPI",
    title: "prison API",
    base: Setting(
      "API_BASE_URL_PRISON_API",
      aliases: ["PRISON_API_ENDPOINT_URL"],
      "Base URL of prison API, without /api."
    ),
    probe: Probe(path: "/api/agencies/type/INST", roles: "VIEW_PRISONER_DATA and INACTIVE_BOOKINGS")
  )
}
