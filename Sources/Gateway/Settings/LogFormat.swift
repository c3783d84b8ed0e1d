/// How log lines look.
enum LogFormat: Sendable {
  /// One JSON object a line, for machines.
  case json
  /// One readable line, for people.
  case text
}
