import ServiceKit
internal import Time

/// The forms of a date-time that are not JSON answers (docs/contract/restricted-patients.md §3).
extension LocalDateTime {
  /// Form A, `dischargeTime` of what is sent to prison API and of telemetry: without seconds if they and the fraction
  /// are zero; else with a fraction of 3, 6 or 9 digits, or none.
  var shortText: String {
    let parts = text.split(separator: ".", maxSplits: 1)
    guard parts.count == 2 else { return text.hasSuffix(":00") ? String(text.dropLast(3)) : text }
    let fraction = String(parts[1])
    let padding = String(repeating: "0", count: (3 - fraction.count % 3) % 3)
    return "\(parts[0]).\(fraction)\(padding)"
  }

  /// Form C, `movementTime` of what is sent to prison API: seconds always, no fraction.
  var secondsText: String { String(text.prefix { $0 != "." }) }

  /// Whether `text` is a day that exists, as `yyyy-MM-dd`: two such texts compare as their days do.
  static func isDate(_ text: String) -> Bool {
    text.utf8.count == 10 && LocalDateTime(contractText: "\(text)T00:00") != nil
  }
}
