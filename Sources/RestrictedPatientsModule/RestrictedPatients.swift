/// The restricted patients service, `hmpps-restricted-patients-api`, as a module (restricted-patients.md). What belongs
/// to it and to nothing else lives in this target.
public enum RestrictedPatients {
  /// The path segment under which the module answers on hosts that are not its own (architecture.md, Mounting).
  public static let basePath = "restricted-patients-api"
}
