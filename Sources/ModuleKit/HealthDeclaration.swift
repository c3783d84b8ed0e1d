/// A component of a module's `/health`, besides those of the process and of its topic and queues.
public enum HealthDeclaration: Sendable {
  /// Whether the module's database answers: `db`.
  case database
  /// Whether HMPPS Auth answers its ping.
  case auth(component: String)
  /// Whether another service answers its ping.
  case upstream(UpstreamDeclaration, component: String)
}
