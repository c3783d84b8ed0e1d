/// The settings of one module: those that every module has under a prefix of its own, and its further ones.
public struct ModuleSettings: Sendable {
  /// Begins the names that are the module's alone: `NON_ASSOCIATIONS`, without the underscore.
  public let prefix: String
  /// Where its database is.
  public let database: DatabaseSettings
  /// Host names at which the module answers alone.
  public let hosts: Setting
  /// The client as which the module calls other services.
  public let clientID: Setting
  /// The secret of that client.
  public let clientSecret: Setting
  /// The id in HMPPS's list of products.
  public let productID: Setting
  /// Whether the description of the module's API is served; nil where it always is.
  public let isDocumented: Setting?
  /// Who may look after its queues.
  public let queueAdminRole: Setting
  /// Whether trying all dead letters again takes that role.
  public let protectsRetryAll: Setting
  /// How long a message that failed waits for its next delivery.
  public let errorVisibility: Setting
  /// How often its dead letters are tried again.
  public let redriveInterval: Setting
  /// Where its telemetry goes besides the log, and how much of it.
  public let telemetry: TelemetrySettings
  /// Its template of subject access requests; nil for a module that has none.
  public let subjectAccess: SubjectAccessSettings?
  /// What no other module has, besides topics, queues and other services, which are named where they are declared.
  public let own: [Setting]

  /// - Parameters:
  ///   - prefix: `NON_ASSOCIATIONS`.
  ///   - title: of the module, as a sentence has it: `non-associations`.
  ///   - calls: the services that the module calls, as a sentence has them: `prisoner search`.
  ///   - queueAdminRole: who may look after the queues, if nobody sets it.
  ///   - errorVisibility: seconds after the first, second, … failure of a message, if nobody sets them.
  ///   - allInOneErrorVisibility: the same in the all-in-one profile; nil for no difference.
  ///   - replaysDeadLetters: whether the interval that names no module, `HMPPS_SQS_REDRIVE_INTERVAL`, counts for this one;
  ///     not where dead letters wait for a person.
  ///   - telemetrySampling: shares of telemetry in per cent, in production and in development, if nobody sets them.
  ///   - telemetryLevel: the lowest level of the log lines that telemetry has, if nobody sets it.
  ///   - isDocumented: the setting that says whether the API's description is served; nil where it always is.
  ///   - hasSubjectAccessTemplate: whether the module has a template of subject access requests. Default false.
  public init(
    prefix: String,
    title: String,
    calls: String,
    queueAdminRole: String,
    errorVisibility: String,
    allInOneErrorVisibility: String? = nil,
    replaysDeadLetters: Bool = false,
    telemetrySampling: (production: String, development: String) = ("health=100", "health=100"),
    telemetryLevel: String = "info",
    isDocumented: Setting? = nil,
    hasSubjectAccessTemplate: Bool = false,
    own: [Setting] = []
  ) {
    self.prefix = prefix
    self.isDocumented = isDocumented
    self.own = own
    subjectAccess = hasSubjectAccessTemplate ? SubjectAccessSettings(prefix: prefix) : nil
    database = DatabaseSettings(prefix: prefix, title: title)
    hosts = Setting(
      "\(prefix)_HOSTS",
      "Host names, comma-separated, at which only the \(title) API answers."
    )
    clientID = Setting("\(prefix)_API_CLIENT_ID", "Client that calls \(calls) for \(title).")
    clientSecret = Setting(
      "\(prefix)_API_CLIENT_SECRET",
      isSecret: true,
      "Secret of the client that calls \(calls) for \(title)."
    )
    productID = Setting(
      "\(prefix)_PRODUCT_ID",
      aliases: ["PRODUCT_ID"],
      default: "default",
      "The id of \(title) in HMPPS's list of products, for /info."
    )
    self.queueAdminRole = Setting(
      "\(prefix)_QUEUE_ADMIN_ROLE",
      aliases: ["HMPPS_SQS_QUEUEADMINROLE"],
      default: queueAdminRole,
      "Who may look after the queues of \(title)."
    )
    protectsRetryAll = Self.protectsRetryAll(prefix, title)
    self.errorVisibility = Setting(
      "\(prefix)_ERROR_VISIBILITY_TIMEOUT",
      aliases: ["HMPPS_SQS_DEFAULTERRORVISIBILITYTIMEOUT"],
      default: errorVisibility,
      allInOne: allInOneErrorVisibility,
      "Seconds after the first, second, … failure of a message for \(title) until its next delivery; the last holds on."
    )
    redriveInterval = Self.redriveInterval(prefix, title, replaysDeadLetters)
    telemetry = TelemetrySettings(
      prefix: prefix,
      title: title,
      sampling: telemetrySampling,
      level: telemetryLevel
    )
  }

  private static func protectsRetryAll(_ prefix: String, _ title: String) -> Setting {
    Setting(
      "\(prefix)_PROTECT_RETRY_ALL",
      aliases: ["HMPPS_SQS_PROTECTRETRYALL"],
      "true: PUT /queue-admin/retry-all-dlqs takes the queue admin role for \(title), false: it takes no token; not set: "
        + "as the service replaced. The alias protects whatever its value is."
    )
  }

  private static func redriveInterval(_ prefix: String, _ title: String, _ replays: Bool) -> Setting {
    Setting(
      "\(prefix)_REDRIVE_INTERVAL",
      sharedAliases: replays ? ["HMPPS_SQS_REDRIVE_INTERVAL"] : [],
      "How often the dead letters of \(title) are tried again, by one replica; never if not set."
    )
  }

  /// In the order of docs/settings.md.
  public var all: [Setting] {
    database.all + [hosts, clientID, clientSecret, productID] + (isDocumented.map { [$0] } ?? [])
      + [queueAdminRole, protectsRetryAll, errorVisibility, redriveInterval] + telemetry.all
      + (subjectAccess?.all ?? []) + own
  }
}
