/// Everything that a host needs to know of a module before there is one: the module declares itself, and whoever hosts
/// modules loops over a list of these.
public struct ModuleManifest: Sendable {
  /// Makes an instance with what the host gives it.
  public typealias Maker = @Sendable (ModuleContext) throws -> any ModuleInstance

  /// In logs, metrics and the outbox: `non-associations`.
  public let name: String
  /// The path segment under which it answers on hosts that are not its own: `non-associations-api`.
  public let basePath: String
  /// By which documents of several modules tell them apart: `nonAssociations`.
  public let key: String
  /// As a sentence has it: `non-associations`.
  public let title: String
  /// How it calls itself in documents and telemetry.
  public let service: ServiceDescription
  /// What an operator can set for it.
  public let settings: ModuleSettings
  /// Its tables.
  public let schema: ModuleSchema
  /// Where its domain events go.
  public let publishes: TopicDeclaration
  /// Where its audit messages go; nil for a module that has none.
  public let audits: SentQueueDeclaration?
  /// The queues that it takes messages from, in the order of documents.
  public let hears: [HeardQueueDeclaration]
  /// Whether its dead letters may be retried without a token from within the cluster, if no setting says so.
  public let isRetryAllOpen: Bool
  /// The services that it calls.
  public let upstreams: [UpstreamDeclaration]
  /// HMPPS Auth, as this module finds it.
  public let auth: Setting
  /// The scope of the module's tokens for other services; nil for none.
  public let tokenScope: String?
  /// The kinds of calls that must not wait for each other. The first one's connections also fetch tokens, unless one is
  /// called `tokens`.
  public let bulkheads: [Bulkhead]
  /// The components of its `/health`, in order.
  public let health: [HealthDeclaration]
  /// Whether a ping of another service may take as long as a call of it, if no setting says otherwise.
  public let pingsAsLongAsItCalls: Bool
  /// How the central service lays out what the module tells about a person; nil where it has no template.
  public let subjectAccessTemplate: String?
  /// What it does without being asked.
  public let jobs: [JobDeclaration]
  /// Reads the module's own settings, complaining to the reader, and says how to make an instance with them.
  public let configure: @Sendable (inout SettingsReader) -> Maker

  /// - Parameters:
  ///   - read: reads the module's own settings; what is wrong with them is noted with the reader.
  ///   - make: makes an instance of what was read.
  public init<Values: Sendable>(
    name: String,
    basePath: String,
    key: String,
    title: String,
    service: ServiceDescription,
    settings: ModuleSettings,
    schema: ModuleSchema,
    publishes: TopicDeclaration,
    audits: SentQueueDeclaration? = nil,
    hears: [HeardQueueDeclaration] = [],
    isRetryAllOpen: Bool = false,
    upstreams: [UpstreamDeclaration] = [],
    auth: Setting = .auth,
    tokenScope: String? = nil,
    bulkheads: [Bulkhead] = [Bulkhead("calls")],
    health: [HealthDeclaration] = [.database],
    pingsAsLongAsItCalls: Bool = false,
    subjectAccessTemplate: String? = nil,
    jobs: [JobDeclaration] = [],
    read: @escaping @Sendable (inout SettingsReader) -> Values,
    make: @escaping @Sendable (Values, ModuleContext) throws -> any ModuleInstance
  ) {
    self.name = name
    self.basePath = basePath
    self.key = key
    self.title = title
    self.service = service
    self.settings = settings
    self.schema = schema
    self.publishes = publishes
    self.audits = audits
    self.hears = hears
    self.isRetryAllOpen = isRetryAllOpen
    self.upstreams = upstreams
    self.auth = auth
    self.tokenScope = tokenScope
    self.bulkheads = bulkheads
    self.health = health
    self.pingsAsLongAsItCalls = pingsAsLongAsItCalls
    self.subjectAccessTemplate = subjectAccessTemplate
    self.jobs = jobs
    configure = { reader in
      let values = read(&reader)
      return { context in try make(values, context) }
    }
  }

  /// All settings that the module has a part in, in the order of docs/settings.md.
  public var allSettings: [Setting] {
    upstreams.map(\.base) + settings.all + publishes.settings + (audits?.settings ?? [])
      + hears.flatMap(\.settings)
  }
}

extension Setting {
  /// HMPPS Auth: whose tokens are taken, and who gives the modules theirs.
  public static let auth = Setting(
    "API_BASE_URL_OAUTH",
    aliases: ["OAUTH_ENDPOINT_URL"],
    "Base URL of HMPPS Auth, for example https://sign-in.example/auth."
  )
}
