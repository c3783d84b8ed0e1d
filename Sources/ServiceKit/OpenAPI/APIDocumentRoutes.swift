internal import HTTPTransport
internal import HTTPTypes
internal import JSON
internal import SharedAuth

/// Where the description of an API and the page that shows it are (docs/contract/platform.md §7). All are open but the
/// description as YAML, which no pattern of public paths has (docs/contract/platform.md §1.5).
public enum APIDocumentRoutes {
  /// - Parameter document: made once; the routes keep its bytes.
  public static func routes(_ document: APIDocument) -> [RouteDeclaration] {
    let bytes = document.json
    let json = FixedBody(bytes)
    return [
      RouteDeclaration(.get, "/v3/api-docs", .open) { _ in
        ServerResponse(status: .ok, fields: [.contentType: "application/json"], body: json)
      },
      RouteDeclaration(.get, "/v3/api-docs.yaml", .authenticated, produces: .anything) { _ in
        let yaml = try YAMLText(json: bytes)
        return ServerResponse(
          status: .ok,
          fields: [.contentType: "application/vnd.oai.openapi"],
          body: yaml.bytes
        )
      },
      RouteDeclaration(.get, "/v3/api-docs/swagger-config", .open) { request in
        var writer = JSONWriter()
        writer.beginObject()
        writer.field("configUrl", request.basePath + "/v3/api-docs/swagger-config")
        writer.field("url", request.basePath + "/v3/api-docs")
        writer.endObject()
        return .json(writer)
      },
      RouteDeclaration(.get, "/swagger-ui.html", .open, produces: .anything) { request in
        let base = request.basePath
        // What no page of ours has asked for need not be sent back.
        let query = request.rawQuery
        let more = query.isEmpty || query.utf8.count > FieldList.maximumBytes ? "" : "&" + query
        let location = "\(base)/swagger-ui/index.html?configUrl=\(base)/v3/api-docs/swagger-config\(more)"
        return ServerResponse(status: .found, fields: [.location: location], body: [])
      },
      page("/swagger-ui/index.html", "text/html;charset=utf-8", PackageResources.apidocs_html),
      page("/webjars/swagger-ui/index.html", "text/html;charset=utf-8", PackageResources.apidocs_html),
      page("/swagger-ui/oauth2-redirect.html", "text/html;charset=utf-8", PackageResources.redirect_html),
      page("/swagger-ui/apidocs.css", "text/css;charset=utf-8", PackageResources.apidocs_css),
      page("/swagger-ui/apidocs.js", "text/javascript;charset=utf-8", PackageResources.apidocs_js),
      page("/webjars/swagger-ui/apidocs.css", "text/css;charset=utf-8", PackageResources.apidocs_css),
      page("/webjars/swagger-ui/apidocs.js", "text/javascript;charset=utf-8", PackageResources.apidocs_js),
    ]
  }

  private static func page(_ template: String, _ type: String, _ body: [UInt8]) -> RouteDeclaration {
    let body = FixedBody(body)
    return RouteDeclaration(.get, template, .open, produces: .anything) { _ in
      ServerResponse(
        status: .ok,
        fields: [
          .contentType: type,
          .contentSecurityPolicy:
            "default-src 'self'; frame-ancestors 'self'; base-uri 'none'; form-action 'self'",
        ],
        body: body
      )
    }
  }
}
