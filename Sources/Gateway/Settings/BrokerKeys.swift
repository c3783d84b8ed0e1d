internal import Crypto
internal import Events
internal import ModuleKit
internal import SharedAuth

/// The keys of single topics and queues, where `HMPPS_SQS_USE_WEB_TOKEN` is false. The names are those of the replaced
/// services, with or without `_` between the words.
enum BrokerKeys {
  /// One topic or queue: what it is called here, and how its keys' names begin.
  struct Owner: Sendable {
    let name: String
    let prefix: String
  }

  /// The beginnings of all names that the modules' topics and queues have.
  static func prefixes(of modules: [ModuleManifest]) -> [String] {
    modules.map { TopicDeclaration.prefix($0.publishes.id) }
      + modules.flatMap { manifest in
        manifest.hears.flatMap { queue in
          ["QUEUE", "DLQ"].map { HeardQueueDeclaration.prefix(queue.id) + $0 }
        }
          + (manifest.audits.map { [HeardQueueDeclaration.prefix($0.id) + "QUEUE"] } ?? [])
      }
  }

  /// The settings of keys whose names begin so.
  static func settings(_ prefix: String) -> (id: Setting, secret: Setting) {
    let spaced = prefix.hasSuffix("_") ? prefix : prefix + "_"
    return (
      Setting(
        prefix + "ACCESSKEYID",
        aliases: [spaced + "ACCESS_KEY_ID"],
        "Id of the access key of one topic or queue."
      ),
      Setting(
        prefix + "SECRETACCESSKEY",
        aliases: [spaced + "SECRET_ACCESS_KEY"],
        isSecret: true,
        "Secret of the access key of one topic or queue."
      )
    )
  }

  /// Every name that may be set.
  static func names(of modules: [ModuleManifest]) -> Set<String> {
    Set(
      prefixes(of: modules).flatMap { prefix in
        let (id, secret) = settings(prefix)
        return [id, secret].flatMap(\.names)
      }
    )
  }

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
