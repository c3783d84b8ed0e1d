/// The names of the modules that there are samples for.
enum SampledModule {
  static let nonAssociations = "non-associations"
  static let restrictedPatients = "restricted-patients"
}
