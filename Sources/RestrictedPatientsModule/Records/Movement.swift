import ServiceKit
internal import Time

/// A prisoner's movement as prison API tells it (docs/contract/restricted-patients.md §6.3).
struct Movement: Equatable, Sendable {
  var fromAgency: String?
  var toAgency: String?
  /// `REL` for a release.
  var type: String?
  /// `HP` for a release to a hospital, `CR` for one from it.
  var reasonCode: String?
  var date: String?
  var time: String?
  var commentText: String?

  /// Date and time put together; nil unless both are there and are a time that exists, in strict ISO form
  /// (docs/contract/restricted-patients.md §3).
  var occurredAt: LocalDateTime? {
    guard let date, let time, LocalDateTime.isDate(date), !time.hasSuffix("Z"),
      time.utf8.allSatisfy({ $0 > 0x20 })
    else { return nil }
    return LocalDateTime(contractText: "\(date)T\(time)")
  }

  /// Whether this is a release to a hospital.
  var isReleaseToHospital: Bool { isRelease(reason: "HP") }

  /// Whether this is the release by which a patient leaves a hospital for good (docs/contract/restricted-patients.md
  /// §6.2, XM).
  var isFinalRelease: Bool { toAgency == "OUT" && isRelease(reason: "CR") }

  /// Prison API pads the code with blanks at times.
  private func isRelease(reason: String) -> Bool {
    guard type == "REL", let reasonCode, reasonCode.hasPrefix(reason) else { return false }
    return reasonCode.dropFirst(reason.count).allSatisfy { $0 == " " }
  }
}
