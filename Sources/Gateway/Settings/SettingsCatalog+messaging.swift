internal import ModuleKit

extension SettingsCatalog {
  static let queueRegion = Setting("HMPPS_SQS_REGION", default: "eu-west-2", "Region of SNS and SQS.")
  static let queueEmulator = Setting(
    "HMPPS_SQS_LOCALSTACK_URL",
    default: "http://localhost:4566",
    "The emulator of SNS and SQS."
  )
  static let maximumQueueSize = Setting(
    "HMPPS_SQS_MAXIMUM_MESSAGE_SIZE",
    default: "1048576",
    "Largest audit message in bytes; the long texts of larger ones are cut. Older emulators take 262144; a queue that "
      + "takes less says so by itself."
  )
  static let webToken = Setting(
    "HMPPS_SQS_USE_WEB_TOKEN",
    default: "true",
    "false: each topic and queue has keys of its own, such as HMPPS_SQS_TOPICS_DOMAINEVENTS_ACCESSKEYID, "
      + "HMPPS_SQS_QUEUES_AUDIT_QUEUESECRETACCESSKEY, HMPPS_SQS_QUEUES_NONASSOCIATIONS_DLQACCESSKEYID."
  )
  static let awsAccessKey = Setting(
    "AWS_ACCESS_KEY_ID",
    "Id of the access key for SNS and SQS, where no web identity is used."
  )
  static let awsSecretKey = Setting("AWS_SECRET_ACCESS_KEY", isSecret: true, "Secret of AWS_ACCESS_KEY_ID.")
  static let awsSessionToken = Setting(
    "AWS_SESSION_TOKEN",
    isSecret: true,
    "Session token of AWS_ACCESS_KEY_ID, if it has one."
  )
  static let awsRole = Setting("AWS_ROLE_ARN", "Role to assume with the web identity.")
  static let awsTokenFile = Setting("AWS_WEB_IDENTITY_TOKEN_FILE", "File with the web identity's token.")
  static let awsSession = Setting(
    "AWS_ROLE_SESSION_NAME",
    default: "gateway",
    "What AWS's logs call this process."
  )

  /// In the order of docs/settings.md.
  static let messaging: [Setting] = [
    .brokerProvider, queueRegion, queueEmulator, maximumQueueSize, webToken, awsAccessKey,
    awsSecretKey, awsSessionToken, awsRole, awsTokenFile, awsSession,
  ]

  /// What says which broker is used, and what the modules' topics and queues on it are called.
  static let broker: [Setting] =
    messaging
    + modules.flatMap { manifest in
      manifest.publishes.settings + (manifest.audits?.settings ?? [])
        + manifest.hears.flatMap(\.settings)
        + [manifest.settings.errorVisibility]
    }
}
