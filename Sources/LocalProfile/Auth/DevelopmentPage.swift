internal import HTTPTransport
internal import HTTPTypes

/// A page of the development Auth: plain HTML that works by keyboard, without scripts, and on a narrow screen.
struct DevelopmentPage {
  let title: String
  /// HTML; texts in it are escaped.
  let content: String

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
    <title>\(Self.escaped(title)) – development HMPPS Auth</title>
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
    </style>
    </head>
    <body>
    <header>HMPPS Auth, development double</header>
    <main>
    <h1>\(Self.escaped(title))</h1>
    \(content)
    </main>
    </body>
    </html>
    """
  }

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
