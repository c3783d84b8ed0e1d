internal import CLinux

/// The optional file of settings: one `NAME=value` a line; blank lines and lines that start with `#` are passed over,
/// and a value may stand in double or single quotes.
enum ConfigurationFile {
  /// Reads a file.
  /// - Throws: `ConfigurationError` naming the file, and the line if one cannot be read.
  static func read(path: String) throws(ConfigurationError) -> [String: String] {
    guard let file = fopen(path, "r") else {
      throw ConfigurationError(problems: [
        "cannot read \(path): \(String(cString: strerror(gateway_errno())))"
      ])
    }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = fread(&chunk, 1, chunk.count, file)
      guard count > 0, bytes.count < 1_048_576 else { break }
      bytes += chunk[..<count]
    }
    return try parse(String(decoding: bytes, as: UTF8.self), path: path)
  }

  static func parse(_ text: String, path: String) throws(ConfigurationError) -> [String: String] {
    var values: [String: String] = [:]
    var problems: [String] = []
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let line = trim(line)
      if line.isEmpty || line.hasPrefix("#") { continue }
      guard let separator = line.firstIndex(of: "="), separator != line.startIndex else {
        problems.append("\(path) line \(index + 1): not of the form NAME=value")
        continue
      }
      values[String(trim(line[..<separator]))] = unquoted(trim(line[line.index(after: separator)...]))
    }
    guard problems.isEmpty else { throw ConfigurationError(problems: problems) }
    return values
  }

  private static func trim(_ text: Substring) -> Substring {
    var text = text.drop { $0.isWhitespace }
    while text.last?.isWhitespace == true { text.removeLast() }
    return text
  }

  private static func unquoted(_ text: Substring) -> String {
    for quote: Character in ["\"", "'"] where text.count >= 2 && text.first == quote && text.last == quote {
      return String(text.dropFirst().dropLast())
    }
    return String(text)
  }
}
