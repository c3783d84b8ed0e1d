internal import HTTPTransport
public import ServiceKit

/// The page for people who run the gateway: HTML, styles and scripts, all of them in the program.
public enum ConsolePages {
  /// What the page offers besides looking after a gateway.
  public enum Profile: String, Sendable {
    /// Operators bring a token of HMPPS Auth.
    case standard
    /// A laptop: sample users sign in with a click, and what happens elsewhere can be played.
    case allInOne = "all-in-one"
  }

  /// The page at `/console` with its files, and what is at the root: in the all-in-one profile the same page, elsewhere
  /// a short one that says what this is.
  public static func routes(_ profile: Profile) -> [RouteDeclaration] {
    // One version for all files: a page and its scripts, which import each other, are always of one version.
    let version = StaticFile.version(of: files.map(\.content))
    func page(_ content: [UInt8]) -> StaticFile {
      let text = String(decoding: content, as: UTF8.self)
        .replacing("{{profile}}", with: profile.rawValue).replacing("{{version}}", with: version)
      return StaticFile(Array(text.utf8), type: "text/html;charset=utf-8")
    }
    let console = page(PackageResources.console_html)
    let root = profile == .allInOne ? console : page(PackageResources.about_html)
    return [root.route("/"), console.route("/console")]
      + files.map { name, content in
        StaticFile(content, type: type(of: name), version: version).route("/console/files/{version}/\(name)")
      }
  }

  private static func type(of name: String) -> String {
    if name.hasSuffix(".js") { return "text/javascript;charset=utf-8" }
    return name.hasSuffix(".css") ? "text/css;charset=utf-8" : "image/svg+xml"
  }

  private static var files: [(name: String, content: [UInt8])] {
    [
      ("base.css", PackageResources.base_css),
      ("parts.css", PackageResources.parts_css),
      ("icon.svg", PackageResources.icon_svg),
      ("main.js", PackageResources.main_js),
      ("page.js", PackageResources.page_js),
      ("elements.js", PackageResources.elements_js),
      ("forms.js", PackageResources.forms_js),
      ("session.js", PackageResources.session_js),
      ("calls.js", PackageResources.calls_js),
      ("samples.js", PackageResources.samples_js),
      ("sign-in.js", PackageResources.sign_in_js),
      ("overview.js", PackageResources.overview_js),
      ("prisoners.js", PackageResources.prisoners_js),
      ("non-associations.js", PackageResources.non_associations_js),
      ("patients.js", PackageResources.patients_js),
      ("discharge.js", PackageResources.discharge_js),
      ("events.js", PackageResources.events_js),
      ("queues.js", PackageResources.queues_js),
      ("decisions.js", PackageResources.decisions_js),
      ("play.js", PackageResources.play_js),
      ("try.js", PackageResources.try_js),
    ]
  }
}
