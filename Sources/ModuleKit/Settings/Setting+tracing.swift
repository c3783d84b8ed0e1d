extension Setting {
  /// Whether the traces of messages go on through a topic or queue (docs/contract/platform.md §8.2).
  /// - Parameters:
  ///   - prefix: begins the names of the topic's or queue's settings.
  ///   - summary: what happens otherwise, without a full stop.
  static func propagatesTracing(_ prefix: String, _ summary: String) -> Setting {
    Setting(
      prefix + "PROPAGATETRACING",
      aliases: [prefix + "PROPAGATE_TRACING"],
      default: "true",
      "false: \(summary)."
    )
  }
}
