/// The settings of a module that has a template of subject access requests.
public struct SubjectAccessSettings: Sendable {
  /// The file whose bytes are served instead of the module's own text.
  public let templateFile: Setting
  /// What the hash of the text that is served ought to be.
  public let templateHash: Setting

  init(prefix: String) {
    templateFile = Setting(
      "\(prefix)_SAR_TEMPLATE_FILE",
      "File whose bytes are served as the template of subject access requests; the gateway's own text if not set."
    )
    templateHash = Setting(
      "\(prefix)_SAR_TEMPLATE_SHA256",
      "SHA-256, in hexadecimal, of the template that is registered: gateway doctor and gateway adopt fail on another."
    )
  }

  var all: [Setting] { [templateFile, templateHash] }
}
