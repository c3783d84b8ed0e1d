internal import ModuleKit
internal import NonAssociationsModule
internal import RestrictedPatientsModule

/// The modules that this program can host. Only this file names one (`Tests/ArchitectureTests`): a further module is a
/// further line.
enum Modules {
  /// In the order of documents and start-up. Of two that own one path, the earlier answers at the root of the union.
  static let all: [ModuleManifest] = [NonAssociations.manifest, RestrictedPatients.manifest]

  /// The module whose shape errors have where several modules answer together; the first hosted one where it is not
  /// hosted.
  static let shapingErrors = NonAssociations.manifest.name
}
