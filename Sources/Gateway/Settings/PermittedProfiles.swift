internal import ModuleKit

/// Which profiles a process may be started in. The image of production permits no other than the standard one: in the
/// all-in-one profile anybody is given a token for anybody.
enum PermittedProfiles: Sendable {
  case any
  case production

  /// A value that is neither counts as `production`; the reader then holds what is wrong with it.
  static func read(_ reader: inout SettingsReader) -> PermittedProfiles {
    reader.choice(
      SettingsCatalog.permittedProfiles,
      [("any", .any), ("production", .production)],
      fallback: .production
    )
  }

  /// - Parameter reader: of the profile that was asked for.
  /// - Throws: `ProfileRefused` where that one is not permitted.
  static func check(_ reader: SettingsReader) throws(ProfileRefused) {
    var reader = reader
    guard reader.profile == .allInOne, read(&reader) != .any else { return }
    throw ProfileRefused(value: reader.text(SettingsCatalog.permittedProfiles) ?? "")
  }
}

/// Why the all-in-one profile does not start, in one line.
struct ProfileRefused: Error, CustomStringConvertible {
  /// Of `GATEWAY_PROFILES`.
  let value: String

  var description: String {
    "--profile all-in-one is refused, as GATEWAY_PROFILES is '\(value)': its doubles give anybody a token for anybody; it "
      + "is for laptops and for the image's target \"development\", where GATEWAY_PROFILES is not set"
  }
}
