internal import HTTPTransport
internal import HTTPTypes

/// A page of a double: plain HTML that works by keyboard, without scripts, and on a narrow screen.
struct DoublePage {
  /// What the double stands for.
  enum Service: String {
    case auth = "HMPPS Auth"
    case dps = "Digital Prison Services"
  }

  let service: Service
  let title: String
  /// HTML; texts in it are escaped.
  let content: String

  init(of service: Service, title: String, content: String) {
    self.service = service
    self.title = title
    self.content = content
  }

  func response(_ status: HTTPResponse.Status = .ok) -> ServerResponse {
    ServerResponse(
      status: status,
      fields: [.contentType: "text/html;charset=utf-8", .cacheControl: "no-store"],
      body: Array(html.utf8)
    )
  }

  private var html: String {
    """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>\(Self.escaped(title)) – development \(service.rawValue)</title>
    <link rel="icon" href="/favicon.ico">
    <style>
    body { margin: 0; font: 1.1rem/1.4 Arial, sans-serif; color: #0b0c0c; background: #fff; }
    header { background: #0b0c0c; color: #fff; padding: 0.8rem 1rem; font-weight: bold; }
    main { max-width: 44rem; margin: 0 auto; padding: 1rem; }
    h1 { font-size: 1.8rem; margin: 0.5rem 0 1rem; }
    .warning { border-left: 0.5rem solid #1d70b8; padding: 0.5rem 1rem; margin: 0 0 1.5rem; }
    ul.users { list-style: none; margin: 0; padding: 0; }
    ul.users li { border-bottom: 1px solid #b1b4b6; padding: 0.7rem 0; }
    .roles { color: #505a5f; font-size: 0.95rem; overflow-wrap: anywhere; }
    button { font: inherit; font-weight: bold; color: #fff; background: #00703c; border: 0; padding: 0.5rem 0.9rem;
      box-shadow: 0 2px 0 #002d18; cursor: pointer; }
    button:hover { background: #005a30; }
    :is(button, select, a):focus { outline: 3px solid #fd0; outline-offset: 0; color: #0b0c0c; background: #fd0; }
    select { font: inherit; padding: 0.3rem; border: 2px solid #0b0c0c; max-width: 100%; }
    a { color: #1d70b8; }
    pre { overflow-wrap: anywhere; white-space: pre-wrap; background: #f3f2f1; padding: 1rem; }
    dt { font-weight: bold; }
    table { border-collapse: collapse; width: 100%; margin: 0 0 2rem; }
    caption { font-weight: bold; font-size: 1.3rem; text-align: left; padding: 0.5rem 0; }
    :is(th, td) { text-align: left; vertical-align: top; padding: 0.4rem 0.8rem 0.4rem 0; border-bottom: 1px solid #b1b4b6; }
    td ul { list-style: none; margin: 0; padding: 0; }
    @media (max-width: 40rem) {
      :is(table, caption, tbody, tr, td) { display: block; }
      thead { display: none; }
      td { border: 0; padding: 0; }
      tr { border-bottom: 1px solid #b1b4b6; padding: 0.5rem 0; }
    }
    </style>
    </head>
    <body>
    <header>\(service.rawValue), double for development</header>
    <main>
    <h1>\(Self.escaped(title))</h1>
    \(content)
    </main>
    </body>
    </html>
    """
  }

  /// `GET /favicon.ico`: what browsers show beside the title of a page.
  static let icon = ServerResponse(
    status: .ok,
    fields: [.contentType: "image/svg+xml", .cacheControl: "max-age=3600"],
    body: Array(
      """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="#1d70b8"/>\
      <path d="M4 3v10M8 3v10M12 3v10" stroke="#fff" stroke-width="2"/></svg>
      """.utf8
    )
  )

  /// A text as HTML shows it, in content and in quoted attributes.
  static func escaped(_ text: String) -> String {
    text.reduce(into: "") { result, character in
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      default: result.append(character)
      }
    }
  }
}
