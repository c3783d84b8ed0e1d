/// A named set of defaults.
package enum Profile: String, Sendable, CaseIterable {
  /// Everything is configured; what is missing is an error.
  case standard
  /// A laptop: its own PostgreSQL, and development doubles of the services that exist only elsewhere.
  case allInOne = "all-in-one"
}
