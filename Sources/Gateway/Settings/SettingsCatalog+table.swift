internal import ModuleKit

extension SettingsCatalog {
  /// What `gateway config --describe` prints, and docs/settings.md has: each setting as a row of a Markdown table.
  static var table: String {
    (["| variable | default | meaning |", "| --- | --- | --- |"] + all.map(\.tableRow)).joined(
      separator: "\n"
    )
  }
}

extension Setting {
  fileprivate var tableRow: String {
    let names = names.map { "`\($0)`" }.joined(separator: ", ")
    var value = fallback.map { "`\($0)`" } ?? "–"
    if let emulated { value += " (without AWS: `\(emulated)`)" }
    if let allInOne { value += " (all-in-one: `\(allInOne)`)" }
    return "| \(names) | \(value) | \(summary) |"
  }
}
