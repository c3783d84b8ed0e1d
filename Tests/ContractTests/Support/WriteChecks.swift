import Testing

extension RunningGateway {
  /// What every write refuses alike: no token; the role of the user interface, without a scope and with that of
  /// reading; the right role without the write scope; then, for a caller who may, no body, another media type, and
  /// `unreadable`.
  func checkRefusals(_ method: String, _ target: String, role: String, unreadable: String) async throws {
    let json = [("Content-Type", "application/json")]
    #expect(try await send(method, target).status == 401)
    for (roles, scopes) in [
      (["NON_ASSOCIATIONS"], []), (["NON_ASSOCIATIONS"], ["read"]), ([role], []), ([role], ["read"]),
    ] {
      let token = try token(roles: roles, scopes: scopes, user: "U")
      #expect(try await send(method, target, token: token, headers: json, body: unreadable).status == 403)
    }
    let token = try token(roles: [role], user: "U")
    let missing = try await send(method, target, token: token, headers: json)
    #expect(missing.status == 400)
    #expect(
      try missing.json["userMessage"]?.text?.hasPrefix(
        "Validation failure: Couldn't read request body: Required request body is missing: "
      ) == true
    )
    let plain = try await send(
      method,
      target,
      token: token,
      headers: [("Content-Type", "text/plain")],
      body: "{}"
    )
    #expect(plain.status == 415)
    let bad = try await send(method, target, token: token, headers: json, body: unreadable)
    #expect(bad.status == 400)
    #expect(try bad.json["errorCode"] == .null)
    #expect(
      try bad.json["userMessage"]?.text?.hasPrefix(
        "Validation failure: Couldn't read request body: JSON parse error: "
      ) == true
    )
  }
}

extension Answer {
  /// Status, `errorCode` and `userMessage` of an error.
  func isError(_ expected: Int, code: Int? = nil, _ message: String) -> Bool {
    guard let json = try? json, status == expected else { return false }
    return json["status"] == .number(expected) && json["errorCode"] == (code.map(JSON.number) ?? .null)
      && json["userMessage"] == .text(message) && json.keys.count == 5
  }

  /// A 400 of broken field rules whose text holds each of `messages`.
  func breaksRules(_ messages: String...) -> Bool {
    guard status == 400, let json = try? json, json["errorCode"] == 102,
      let text = json["userMessage"]?.text, text.hasPrefix("Validation Failure: ")
    else { return false }
    return messages.allSatisfy { text.contains($0) }
  }

  /// The ids of an array, or of a page's content, in order.
  var ids: [Int] {
    get throws { (try json["content"] ?? json).items.compactMap { $0["id"]?.number } }
  }
}
