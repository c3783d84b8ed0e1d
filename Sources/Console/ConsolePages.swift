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
    let text = String(decoding: PackageResources.console_html, as: UTF8.self)
    let console = page(Array(text.replacing("{{profile}}", with: profile.rawValue).utf8))
    let root = profile == .allInOne ? console : page(PackageResources.about_html)
    return [root.route("/"), console.route("/console")] + files
  }

  private static func page(_ content: [UInt8]) -> StaticFile {
    StaticFile(content, type: "text/html;charset=utf-8")
  }

  private static func script(_ name: String, _ content: [UInt8]) -> RouteDeclaration {
    StaticFile(content, type: "text/javascript;charset=utf-8").route("/console/\(name)")
  }

  private static func style(_ name: String, _ content: [UInt8]) -> RouteDeclaration {
    StaticFile(content, type: "text/css;charset=utf-8").route("/console/\(name)")
  }

  private static var files: [RouteDeclaration] {
    [
      style("base.css", PackageResources.base_css),
      style("parts.css", PackageResources.parts_css),
      StaticFile(PackageResources.icon_svg, type: "image/svg+xml").route("/console/icon.svg"),
      script("main.js", PackageResources.main_js),
      script("page.js", PackageResources.page_js),
      script("elements.js", PackageResources.elements_js),
      script("forms.js", PackageResources.forms_js),
      script("session.js", PackageResources.session_js),
      script("calls.js", PackageResources.calls_js),
      script("samples.js", PackageResources.samples_js),
      script("sign-in.js", PackageResources.sign_in_js),
      script("overview.js", PackageResources.overview_js),
      script("prisoners.js", PackageResources.prisoners_js),
      script("non-associations.js", PackageResources.non_associations_js),
      script("patients.js", PackageResources.patients_js),
      script("discharge.js", PackageResources.discharge_js),
      script("events.js", PackageResources.events_js),
      script("queues.js", PackageResources.queues_js),
      script("decisions.js", PackageResources.decisions_js),
      script("play.js", PackageResources.play_js),
      script("try.js", PackageResources.try_js),
    ]
  }
}
