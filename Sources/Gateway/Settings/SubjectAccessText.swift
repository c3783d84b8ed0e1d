internal import Crypto
internal import ModuleKit
internal import ServiceKit

/// The text that a module serves as its template of subject access requests (docs/contract/adoption.md §5): the central
/// service makes no report for anybody while the text's hash is one that it does not know.
struct SubjectAccessText: Equatable, Sendable {
  private static let maximumBytes = 1_048_576

  let bytes: [UInt8]
  /// Where it comes from; nil for the gateway's own.
  let file: String?
  /// What its hash ought to be; nil where nobody has said.
  let expectedHash: String?

  /// SHA-256, as hexadecimal digits in lower case.
  var hash: String { Digest.hexadecimal(Digest.sha256(bytes)) }

  /// What is served, in a sentence.
  var summary: String {
    "the template of subject access requests is \(file ?? "the gateway's own"): \(bytes.count) bytes, SHA-256 \(hash)"
  }

  /// Why the text ought not to be served, in a sentence; nil if it may be.
  func difference(_ settings: SubjectAccessSettings) -> String? {
    guard let expectedHash, expectedHash != hash else { return nil }
    return "\(summary), not \(expectedHash), which \(settings.templateHash.name) says"
  }

  /// - Returns: nil for a module without a template, or if something is wrong, which the reader then holds.
  static func read(_ manifest: ModuleManifest, _ reader: inout SettingsReader) -> SubjectAccessText? {
    guard let own = manifest.subjectAccessTemplate, let settings = manifest.settings.subjectAccess else {
      return nil
    }
    let expected = expectedHash(settings.templateHash, &reader)
    guard let file = reader.text(settings.templateFile) else {
      return SubjectAccessText(bytes: Array(own.utf8), file: nil, expectedHash: expected)
    }
    func refuse(_ reason: String) { reader.note("\(settings.templateFile.name): '\(file)' \(reason)") }
    guard let bytes = FileBytes.read(file, limit: maximumBytes) else {
      refuse("cannot be read, or is larger than \(maximumBytes) bytes")
      return nil
    }
    guard String(validating: bytes, as: UTF8.self) != nil else {
      refuse("is no text in UTF-8")
      return nil
    }
    guard bytes.contains(where: { $0 > 0x20 }) else {
      refuse("is blank, which fails every report")
      return nil
    }
    return SubjectAccessText(bytes: bytes, file: file, expectedHash: expected)
  }

  private static func expectedHash(_ setting: Setting, _ reader: inout SettingsReader) -> String? {
    guard let text = reader.text(setting)?.lowercased() else { return nil }
    let digits = text.utf8.count { "0123456789abcdef".utf8.contains($0) }
    guard digits == 64, text.utf8.count == 64 else {
      reader.note("\(setting.name): '\(text)' is not 64 hexadecimal digits")
      return nil
    }
    return text
  }
}

extension ModuleConfiguration {
  /// Why the module's template ought not to be served, in a sentence; nil if it may be.
  var templateDifference: String? {
    manifest.settings.subjectAccess.flatMap { subjectAccessText?.difference($0) }
  }
}
