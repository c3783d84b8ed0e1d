public import Time

extension LondonTime {
  /// Reads the zone from the system's time zone database.
  ///
  /// - Parameter path: the zone's TZif file, at most 1 MiB.
  /// - Throws: `LondonTimeError` when the file is missing or unreadable.
  public init(path: String = "/usr/share/zoneinfo/Europe/London") throws(LondonTimeError) {
    guard let bytes = FileBytes.read(path, limit: 1 << 20) else {
      throw LondonTimeError(path: path, reason: "cannot be read")
    }
    do {
      self = try LondonTime(tzif: bytes)
    } catch {
      throw LondonTimeError(path: path, reason: "is not a time zone file (\(error.reason))")
    }
  }
}

/// Why London's time zone could not be loaded, and what to do about it.
public struct LondonTimeError: Error, Equatable, CustomStringConvertible {
  /// The file that was tried.
  public let path: String
  /// What is wrong with it, as the end of a sentence that begins with the path.
  public let reason: String

  public var description: String { "\(path) \(reason): install the package tzdata" }
}
