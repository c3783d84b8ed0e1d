internal import Crypto
internal import Events
internal import SharedAuth

/// The keys of single topics and queues, where `HMPPS_SQS_USE_WEB_TOKEN` is false. The names are those of the replaced
/// services, with or without `_` between the words.
enum BrokerKeys {
  /// One topic or queue: what it is called here, and how its keys' names begin.
  struct Owner: Sendable {
    let name: String
    let prefix: String
  }

  /// The beginnings of all names.
  static let prefixes =
    ["DOMAINEVENTS", "DOMAINEVENTSOUTBOUND"].map { "HMPPS_SQS_TOPICS_\($0)_" }
    + ["NONASSOCIATIONS", "DOMAINEVENTS", "OFFENDEREVENTS"].flatMap { queue in
      ["QUEUE", "DLQ"].map { "HMPPS_SQS_QUEUES_\(queue)_\($0)" }
    } + ["HMPPS_SQS_QUEUES_AUDIT_QUEUE"]

  /// The settings of keys whose names begin so.
  static func settings(_ prefix: String) -> (id: Setting, secret: Setting) {
    let spaced = prefix.hasSuffix("_") ? prefix : prefix + "_"
    return (
      Setting(prefix + "ACCESSKEYID", aliases: [spaced + "ACCESS_KEY_ID"], "the key"),
      Setting(
        prefix + "SECRETACCESSKEY",
        aliases: [spaced + "SECRET_ACCESS_KEY"],
        isSecret: true,
        "the secret of the key"
      )
    )
  }

  /// Every name that may be set.
  static let names = Set(
    prefixes.flatMap { prefix in
      let (id, secret) = settings(prefix)
      return [id, secret].flatMap { [$0.name] + $0.aliases }
    }
  )

  /// The keys of each topic and queue by its name; what is missing is noted.
  static func read(_ owners: [Owner], _ reader: inout SettingsReader) -> [String: AWSCredentials] {
    var keys: [String: AWSCredentials] = [:]
    for owner in owners {
      let (id, secret) = settings(owner.prefix)
      keys[owner.name] = AWSCredentials(
        accessKeyID: reader.requiredText(id),
        secretAccessKey: Secret(reader.requiredText(secret))
      )
    }
    return keys
  }
}
