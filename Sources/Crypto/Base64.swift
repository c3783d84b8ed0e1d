/// Base64 with padding (RFC 4648 §4), as HTTP Basic wants it.
public enum Base64 {
  /// The text of the bytes, in one line.
  public static func encode(_ bytes: [UInt8]) -> String {
    let text = Base64URL.encode(bytes).map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 }
    return String(text) + String(repeating: "=", count: (3 - bytes.count % 3) % 3)
  }
}
