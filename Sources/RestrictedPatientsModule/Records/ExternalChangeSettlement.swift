/// What has settled an outcome, and for whom.
package enum ExternalChangeSettlement: Equatable, Sendable {
  /// The event that the change causes.
  case event
  /// Prison API, which has made it: it was asked for this user's sake; nil for nobody's.
  case upstream(askedBy: String?)
  /// A person.
  case person(String)
}
