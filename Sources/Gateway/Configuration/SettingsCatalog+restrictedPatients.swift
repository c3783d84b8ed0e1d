/// The settings of the restricted patients module.
extension SettingsCatalog {
  static let restrictedPatientsDatabaseURL = Setting(
    "RESTRICTED_PATIENTS_DATABASE_URL",
    isSecret: true,
    "libpq URL of the restricted patients database."
  )
  static let restrictedPatientsDatabaseEndpoint = Setting(
    "RESTRICTED_PATIENTS_DATABASE_ENDPOINT",
    aliases: ["DATABASE_ENDPOINT"],
    "host:port, or [IPv6 address]:port, of that database, in place of its URL (TLS with verify-full)."
  )
  static let restrictedPatientsDatabaseName = Setting(
    "RESTRICTED_PATIENTS_DATABASE_NAME",
    aliases: ["DATABASE_NAME"],
    "Its name."
  )
  static let restrictedPatientsDatabaseUsername = Setting(
    "RESTRICTED_PATIENTS_DATABASE_USERNAME",
    aliases: ["DATABASE_USERNAME"],
    "Its user."
  )
  static let restrictedPatientsDatabasePassword = Setting(
    "RESTRICTED_PATIENTS_DATABASE_PASSWORD",
    aliases: ["DATABASE_PASSWORD"],
    isSecret: true,
    "That user's password."
  )
  static let restrictedPatientsHosts = Setting(
    "RESTRICTED_PATIENTS_HOSTS",
    "Host names, comma-separated, at which only the restricted patients API answers."
  )
  static let prisonAPIBase = Setting(
    "API_BASE_URL_PRISON_API",
    aliases: ["PRISON_API_ENDPOINT_URL"],
    "Prison API, without /api."
  )
  static let restrictedPatientsClientID = Setting(
    "RESTRICTED_PATIENTS_API_CLIENT_ID",
    "Client that calls prison API and prisoner search for restricted patients."
  )
  static let restrictedPatientsClientSecret = Setting(
    "RESTRICTED_PATIENTS_API_CLIENT_SECRET",
    isSecret: true,
    "Its secret."
  )
  static let restrictedPatientsRoles = Setting(
    "RESTRICTED_PATIENTS_ROLES",
    "Roles by endpoint, such as discharge=ROLE_A|ROLE_B,remove=ROLE_C; any good token where none is named."
  )
  static let checksAgencies = Setting(
    "RESTRICTED_PATIENTS_CHECK_AGENCIES",
    default: "false",
    "true: refuse prisons and hospitals that prison API does not list as such, and discharges in the future."
  )
  static let agenciesRefresh = Setting(
    "RESTRICTED_PATIENTS_AGENCIES_REFRESH",
    default: "10m",
    "Age at which the lists of agencies are asked for again, in the background."
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
  static let batchEnabled = Setting(
    "BATCH_ENABLED",
    default: "false",
    "true: `gateway serve` runs the job of BATCH_TYPE and exits, as the replaced service did."
  )
  static let batchType = Setting("BATCH_TYPE", "The job: PAST_DATE_CHECK.")

  /// In the order of docs/settings.md.
  static let restrictedPatients: [Setting] = [
    restrictedPatientsDatabaseURL, restrictedPatientsDatabaseEndpoint, restrictedPatientsDatabaseName,
    restrictedPatientsDatabaseUsername, restrictedPatientsDatabasePassword, restrictedPatientsHosts,
    prisonAPIBase, restrictedPatientsClientID, restrictedPatientsClientSecret, restrictedPatientsRoles,
    checksAgencies, agenciesRefresh, agenciesMaximumAge, pastDateCheckTime, batchEnabled, batchType,
  ]
}
