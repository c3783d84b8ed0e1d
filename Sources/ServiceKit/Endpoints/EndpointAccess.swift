public import SharedAuth

/// Who may call an endpoint.
public enum EndpointAccess<Module>: Sendable {
  /// The same in every deployment.
  case rule(AccessRule)
  /// As the module is configured.
  case configured(@Sendable (Module) -> AccessRule)

  @usableFromInline func rule(of module: Module) -> AccessRule {
    switch self {
    case .rule(let rule): rule
    case .configured(let rule): rule(module)
    }
  }
}
