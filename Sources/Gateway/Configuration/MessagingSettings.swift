internal import Events

extension SettingsCatalog {
  static let queueProvider = Setting(
    "HMPPS_SQS_PROVIDER",
    default: "aws",
    allInOne: "in-process",
    "Where topics and queues are: aws, localstack (an emulator; what is missing is created) or in-process (in the "
      + "non-associations database)."
  )
  static let queueRegion = Setting("HMPPS_SQS_REGION", default: "eu-west-2", "Region of SNS and SQS.")
  static let queueEmulator = Setting(
    "HMPPS_SQS_LOCALSTACK_URL",
    default: "http://localhost:4566",
    "The emulator of SNS and SQS."
  )
  static let redriveInterval = Setting(
    "HMPPS_SQS_REDRIVE_INTERVAL",
    "How often dead letters are tried again, by one replica; never if not set."
  )
  static let maximumQueueSize = Setting(
    "HMPPS_SQS_MAXIMUM_MESSAGE_SIZE",
    default: "1048576",
    "Largest audit message in bytes; larger ones are sent with their long texts cut. Older emulators take 262144; a "
      + "queue set to less is heeded by itself."
  )
  static let domainEventsTopic = Setting(
    "HMPPS_SQS_TOPICS_DOMAINEVENTS_ARN",
    emulated: BrokerARN.topic("11111111-2222-3333-4444-555555555555"),
    allInOne: BrokerARN.topic("domain-events"),
    "Topic that non-associations publishes to."
  )
  static let auditQueue = Setting(
    "HMPPS_SQS_QUEUES_AUDIT_QUEUE_NAME",
    emulated: "audit-queue",
    allInOne: "audit",
    "Queue that non-associations writes audit messages to."
  )
  static let nonAssociationsQueue = Setting(
    "HMPPS_SQS_QUEUES_NONASSOCIATIONS_QUEUE_NAME",
    emulated: "non-associations-event-queue",
    allInOne: "non-associations",
    "Queue of merges and booking moves for non-associations."
  )
  static let nonAssociationsDeadLetters = Setting(
    "HMPPS_SQS_QUEUES_NONASSOCIATIONS_DLQ_NAME",
    emulated: "non-associations-event-dlq",
    allInOne: "non-associations-dlq",
    "Its dead-letter queue."
  )
  static let nonAssociationsQueueAdmin = Setting(
    "NON_ASSOCIATIONS_QUEUE_ADMIN_ROLE",
    default: "ROLE_NON_ASSOCIATIONS_API_QUEUE_ADMIN",
    "Who may look after the queues of non-associations."
  )
  static let nonAssociationsErrorVisibility = Setting(
    "NON_ASSOCIATIONS_ERROR_VISIBILITY_TIMEOUT",
    aliases: ["HMPPS_SQS_DEFAULTERRORVISIBILITYTIMEOUT"],
    default: "0",
    "Seconds after the first, second, … failure of a message until its next delivery; the last holds on."
  )
  static let outboundTopic = Setting(
    "HMPPS_SQS_TOPICS_DOMAINEVENTSOUTBOUND_ARN",
    emulated: BrokerARN.topic("domain_events_outbound"),
    allInOne: BrokerARN.topic("domain-events"),
    "Topic that restricted patients publishes to; in production the same as non-associations'."
  )
  static let patientsDomainEventsTopic = Setting(
    "HMPPS_SQS_TOPICS_DOMAINEVENTSQUEUE_ARN",
    default: BrokerARN.topic("domain_events_queue"),
    allInOne: BrokerARN.topic("domain-events"),
    "Topic that the next queue is subscribed to where it is created."
  )
  static let patientsDomainEvents = Setting(
    "HMPPS_SQS_QUEUES_DOMAINEVENTS_QUEUE_NAME",
    emulated: "de_rp_api_queue",
    allInOne: "restricted-patients-domain-events",
    "Queue of merges, releases and receptions for restricted patients."
  )
  static let patientsDomainEventsDeadLetters = Setting(
    "HMPPS_SQS_QUEUES_DOMAINEVENTS_DLQ_NAME",
    emulated: "de_rp_api_dlq",
    allInOne: "restricted-patients-domain-events-dlq",
    "Its dead-letter queue."
  )
  static let patientsOffenderEventsTopic = Setting(
    "HMPPS_SQS_TOPICS_OFFENDEREVENTSQUEUE_ARN",
    default: BrokerARN.topic("offender_events_queue"),
    allInOne: BrokerARN.topic("offender-events"),
    "Topic that the next queue is subscribed to where it is created."
  )
  static let patientsOffenderEvents = Setting(
    "HMPPS_SQS_QUEUES_OFFENDEREVENTS_QUEUE_NAME",
    emulated: "oe_rp_api_queue",
    allInOne: "restricted-patients-offender-events",
    "Queue of movements for restricted patients."
  )
  static let patientsOffenderEventsDeadLetters = Setting(
    "HMPPS_SQS_QUEUES_OFFENDEREVENTS_DLQ_NAME",
    emulated: "oe_rp_api_dlq",
    allInOne: "restricted-patients-offender-events-dlq",
    "Its dead-letter queue."
  )
  static let restrictedPatientsQueueAdmin = Setting(
    "RESTRICTED_PATIENTS_QUEUE_ADMIN_ROLE",
    default: "ROLE_SYSCON__QUEUE_ADMIN",
    "Who may look after the queues of restricted patients."
  )
  static let restrictedPatientsErrorVisibility = Setting(
    "RESTRICTED_PATIENTS_ERROR_VISIBILITY_TIMEOUT",
    aliases: ["HMPPS_SQS_DEFAULTERRORVISIBILITYTIMEOUT"],
    default: "1,10,60,600",
    // On a laptop nobody waits a quarter of an hour for a dead letter.
    allInOne: "1",
    "As NON_ASSOCIATIONS_ERROR_VISIBILITY_TIMEOUT, for restricted patients."
  )
  static let mergeEvents = Setting(
    "NON_ASSOCIATIONS_MERGE_EVENTS",
    default: "false",
    "Whether merges and booking moves publish events and audit messages for the records they change."
  )
  static let webToken = Setting(
    "HMPPS_SQS_USE_WEB_TOKEN",
    default: "true",
    "false: each topic and queue has keys of its own, such as HMPPS_SQS_TOPICS_DOMAINEVENTS_ACCESSKEYID, "
      + "HMPPS_SQS_QUEUES_AUDIT_QUEUESECRETACCESSKEY, HMPPS_SQS_QUEUES_NONASSOCIATIONS_DLQACCESSKEYID."
  )
  static let awsAccessKey = Setting(
    "AWS_ACCESS_KEY_ID",
    "Key for SNS and SQS, where no web identity is used."
  )
  static let awsSecretKey = Setting("AWS_SECRET_ACCESS_KEY", isSecret: true, "Its secret.")
  static let awsSessionToken = Setting(
    "AWS_SESSION_TOKEN",
    isSecret: true,
    "Its session token, if it has one."
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
    queueProvider, queueRegion, queueEmulator, redriveInterval, maximumQueueSize, domainEventsTopic,
    auditQueue,
    nonAssociationsQueue, nonAssociationsDeadLetters, nonAssociationsQueueAdmin,
    nonAssociationsErrorVisibility, outboundTopic, patientsDomainEventsTopic, patientsDomainEvents,
    patientsDomainEventsDeadLetters, patientsOffenderEventsTopic, patientsOffenderEvents,
    patientsOffenderEventsDeadLetters, restrictedPatientsQueueAdmin, restrictedPatientsErrorVisibility,
    mergeEvents, webToken, awsAccessKey, awsSecretKey, awsSessionToken, awsRole,
    awsTokenFile, awsSession,
  ]
}
