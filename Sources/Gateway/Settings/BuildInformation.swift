internal import CLinux
internal import Glibc
internal import Time

/// What this binary was built from.
enum BuildInformation {
  /// The version of the source; deployments tell builds apart by `BUILD_NUMBER`.
  static let version = "0.1.0"

  /// The day of a build without a number, as `yyyy-MM-dd`. Nothing of it is in the program, so that one source gives one
  /// program on any day.
  /// - Parameter time: when it was built (ISO 8601); what does not begin with a day counts as not given.
  /// - Returns: the day of `time`, else that of the program file in UTC: when it was linked, or what an image gave it.
  static func date(of time: String?) -> String {
    if let day = time.map({ String($0.prefix(10)) }), CivilDate(isoText: day) != nil { return day }
    return programDay
  }

  private static let programDay: String = {
    var file = stat()
    // A running program has a file; 1970 says that the system hides it.
    let seconds = stat("/proc/self/exe", &file) == 0 ? file.st_mtim.tv_sec : 0
    return String(Timestamp(seconds: Int64(seconds)).instantText.prefix(10))
  }()
}
