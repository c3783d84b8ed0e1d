/// How the text of a path or query parameter becomes a value (docs/contract/non-associations.md §7.1, §7.4).
enum ParameterText {
  /// `true`, `on`, `yes`, `1` and `false`, `off`, `no`, `0`, in any case, blanks around them aside.
  static func boolean(_ text: String) -> Bool? {
    switch text.trimmingBlanks.lowercased() {
    case "true", "on", "yes", "1": true
    case "false", "off", "no", "0": false
    default: nil
    }
  }

  /// A 64-bit integer: decimal, or hexadecimal after `0x`, `0X` or `#`, with an optional sign; blanks anywhere are
  /// passed over, because the service replaced did so.
  static func int64(_ text: String) -> Int64? {
    if let value = Int64(text) { return value }
    var digits = text.filter { !$0.isWhitespace }[...]
    let isNegative = digits.first == "-"
    let isSigned = isNegative || digits.first == "+"
    if isSigned { digits.removeFirst() }
    var radix = 10
    for prefix in ["0x", "0X", "#"] where digits.hasPrefix(prefix) {
      digits.removeFirst(prefix.count)
      radix = 16
      break
    }
    guard let first = digits.first, first != "+", first != "-" else { return nil }
    return Int64((isNegative ? "-" : "") + digits, radix: radix)
  }
}
