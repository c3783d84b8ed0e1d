/// What this binary was built from.
enum BuildInformation {
  /// The version of the source; deployments tell builds apart by `BUILD_NUMBER`.
  static let version = "0.1.0"
}
