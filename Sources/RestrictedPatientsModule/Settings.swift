internal import ModuleKit
internal import Time

/// What an operator can set for this module, besides what every module has.
struct Settings: Sendable {
  static let documents = Setting(
    "RESTRICTED_PATIENTS_API_DOCS_ENABLED",
    sharedAliases: ["SPRINGDOC_API-DOCS_ENABLED"],
    default: "false",
    allInOne: "true",
    "Whether the description of the restricted patients API is served."
  )
  static let roles = Setting(
    "RESTRICTED_PATIENTS_ROLES",
    "Roles by endpoint, such as discharge=ROLE_A|ROLE_B,list=ROLE_C; else any good token for what was there before."
  )
  static let checksAgencies = Setting(
    "RESTRICTED_PATIENTS_CHECK_AGENCIES",
    default: "false",
    "true: refuse prisons and hospitals that prison API does not list as such, and discharges in the future."
  )
  static let agenciesRefresh = Setting(
    "RESTRICTED_PATIENTS_AGENCIES_REFRESH",
    default: "10m",
    "Age at which lists of agencies are old: others are asked for, shortly before in the background."
  )
  static let agenciesMaximumAge = Setting(
    "RESTRICTED_PATIENTS_AGENCIES_MAX_AGE",
    default: "24h",
    "Age at which lists of agencies are no longer used, when prison API gives no others."
  )
  static let pastDateCheckTime = Setting(
    "RESTRICTED_PATIENTS_PAST_DATE_CHECK_TIME",
    "Time of London's clocks, HH:mm, at which one replica runs the past-date check every day; never if not set."
  )

  static let all = ModuleSettings(
    prefix: "RESTRICTED_PATIENTS",
    title: "restricted patients",
    calls: "prison API and prisoner search",
    queueAdminRole: "ROLE_SYSCON__QUEUE_ADMIN",
    errorVisibility: "1,10,60,600",
    // On a laptop nobody waits a quarter of an hour for a dead letter.
    allInOneErrorVisibility: "1",
    telemetrySampling: (
      production: "health=5,info=5,sql=5,sign-in=5", development: "health=10,info=10,sign-in=10"
    ),
    isDocumented: documents,
    hasSubjectAccessTemplate: true,
    own: [roles, checksAgencies, agenciesRefresh, agenciesMaximumAge, pastDateCheckTime]
  )

  let access: AccessRules
  /// Whether additions and changes are refused whose prisons or hospital prison API does not list as such.
  let checksAgencies: Bool
  let agenciesRefresh: Duration
  let agenciesMaximumAge: Duration
  /// When the past-date check is run every day; nil for never.
  let pastDateCheckTime: TimeOfDay?

  init(_ reader: inout SettingsReader) {
    access = Self.access(&reader)
    checksAgencies = reader.boolean(Self.checksAgencies)
    agenciesRefresh = reader.duration(Self.agenciesRefresh)
    agenciesMaximumAge = reader.duration(Self.agenciesMaximumAge)
    pastDateCheckTime = Self.time(&reader)
  }

  private static func access(_ reader: inout SettingsReader) -> AccessRules {
    guard let text = reader.text(roles) else { return AccessRules() }
    do {
      return try AccessRules(parsing: text)
    } catch {
      reader.note("\(roles.name): \(error)")
      return AccessRules()
    }
  }

  private static func time(_ reader: inout SettingsReader) -> TimeOfDay? {
    guard let text = reader.text(pastDateCheckTime) else { return nil }
    let time = TimeOfDay(text)
    if time == nil { reader.note("\(pastDateCheckTime.name): '\(text)' is not a time such as 03:00") }
    return time
  }
}
