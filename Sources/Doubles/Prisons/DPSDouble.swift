public import HTTPTransport
internal import HTTPTypes

/// A double of the pages of Digital Prison Services that lead to the front ends and that they lead to: `DPS_URL` and its
/// like (docs/contract/upstreams.md §5). It shows the sample prisoners as things are now, to whoever asks.
public final class DPSDouble: Sendable {
  private let records: PrisonRecords

  /// - Parameter records: whose prisoners it shows.
  public init(records: PrisonRecords) { self.records = records }

  /// - Returns: nil for a request that is for none of its pages.
  public func respond(to request: ServerRequest) -> ServerResponse? {
    guard request.head.method == .get else { return nil }
    let path = request.head.target.segments
    if path == [""] { return home() }
    guard path.first == "prisoner", path.count == 2 || path.count == 3 && path[2] == "add-case-note" else {
      return nil
    }
    guard let prisoner = records.prisoner(path[1]) else { return Self.unknown(path[1]) }
    return path.count == 2 ? page(of: prisoner) : caseNote(prisoner)
  }

  /// `GET /`: everybody, by where they are.
  private func home() -> ServerResponse {
    var places: [(name: String, prisoners: [SamplePrisoner])] = []
    for prisoner in records.prisoners {
      let name = prisoner.prisonName ?? "Without a booking"
      if let index = places.firstIndex(where: { $0.name == name }) {
        places[index].prisoners.append(prisoner)
      } else {
        places.append((name, [prisoner]))
      }
    }
    let services = SampleFrontEnd.allCases.map { frontEnd in
      "<li>\(Link(frontEnd.title, frontEnd.url).html): \(DoublePage.escaped(frontEnd.summary))</li>"
    }
    return DoublePage(
      of: .dps,
      title: "Prisoners",
      content: """
        <p class="warning">The links into front ends work once those have been started with the settings in endpoints.env.</p>
        <ul>
        \(services.joined(separator: "\n"))
        </ul>
        \(places.map { Self.table($0.name, $0.prisoners) }.joined(separator: "\n"))
        """
    ).response()
  }

  private static func table(_ name: String, _ prisoners: [SamplePrisoner]) -> String {
    let rows = prisoners.map { prisoner in
      let links = [prisoner.nonAssociations] + prisoner.restrictedPatients.prefix(1)
      return """
        <tr><td>\(Link(prisoner.nameForLists, "/prisoner/\(prisoner.prisonerNumber)").html)</td>\
        <td>\(DoublePage.escaped(prisoner.prisonerNumber))</td>\
        <td>\(DoublePage.escaped(prisoner.cellLocation ?? prisoner.locationDescription ?? ""))</td>\
        <td><ul>\(links.map { "<li>\($0.html)</li>" }.joined())</ul></td></tr>
        """
    }
    return """
      <table>
      <caption>\(DoublePage.escaped(name))</caption>
      <thead><tr><th scope="col">Name</th><th scope="col">Number</th><th scope="col">Location</th>\
      <th scope="col">In the front ends</th></tr></thead>
      <tbody>
      \(rows.joined(separator: "\n"))
      </tbody>
      </table>
      """
  }

  /// `GET /prisoner/{n}`: the prisoner profile.
  private func page(of prisoner: SamplePrisoner) -> ServerResponse {
    let facts = [
      ("Prison number", prisoner.prisonerNumber), ("Date of birth", prisoner.dateOfBirth),
      ("Establishment", prisoner.prisonName ?? "none"),
      ("Location", prisoner.cellLocation ?? prisoner.locationDescription ?? "none"),
      ("Category", prisoner.category),
      ("Conditional release date", prisoner.conditionalReleaseDate ?? "none"),
      ("Sentence expiry date", prisoner.sentenceExpiryDate ?? "none"),
    ].map { "<dt>\($0)</dt><dd>\(DoublePage.escaped($1))</dd>" }
    let links =
      [prisoner.nonAssociations] + prisoner.restrictedPatients
      + [Link("Add a case note", "/prisoner/\(prisoner.prisonerNumber)/add-case-note")]
    return DoublePage(
      of: .dps,
      title: prisoner.nameForLists,
      content: """
        <dl>
        \(facts.joined(separator: "\n"))
        </dl>
        <ul>
        \(links.map { "<li>\($0.html)</li>" }.joined(separator: "\n"))
        </ul>
        <p><a href="/">All prisoners</a></p>
        """
    ).response()
  }

  /// `GET /prisoner/{n}/add-case-note`: where a front end sends whoever is to write one.
  private func caseNote(_ prisoner: SamplePrisoner) -> ServerResponse {
    DoublePage(
      of: .dps,
      title: "Add a case note",
      content: """
        <p class="warning">A case note about \(DoublePage.escaped(prisoner.nameForLists)) would be written here. This profile \
        keeps none.</p>
        <ul>
        <li>\(Link("Back to the prisoner", "/prisoner/\(prisoner.prisonerNumber)").html)</li>
        <li>\(prisoner.nonAssociations.html)</li>
        </ul>
        """
    ).response()
  }

  private static func unknown(_ number: String) -> ServerResponse {
    DoublePage(
      of: .dps,
      title: "Page not found",
      content: """
        <p>There is no prisoner \(DoublePage.escaped(number)).</p>
        <p><a href="/">All prisoners</a></p>
        """
    ).response(.notFound)
  }

  fileprivate struct Link {
    let title: String
    let address: String

    init(_ title: String, _ address: String) {
      self.title = title
      self.address = address
    }

    var html: String {
      #"<a href="\#(DoublePage.escaped(address))">\#(DoublePage.escaped(title))</a>"#
    }
  }
}

extension SamplePrisoner {
  /// `Archer, Adam`.
  fileprivate var nameForLists: String {
    [lastName, firstName].map { $0.prefix(1) + $0.dropFirst().lowercased() }.joined(separator: ", ")
  }

  fileprivate var nonAssociations: DPSDouble.Link {
    DPSDouble.Link(
      "Non-associations",
      "\(SampleFrontEnd.nonAssociations.url)/prisoner/\(prisonerNumber)/non-associations"
    )
  }

  /// The journeys of docs/contract/restricted-patients.md §13 that are for where the prisoner is.
  fileprivate var restrictedPatients: [DPSDouble.Link] {
    let journeys: [(title: String, path: String)] =
      if isActive {
        [("Move to a hospital", "/move-to-hospital")]
      } else if lastMovementTypeCode == "REL", lastMovementReasonCode.hasPrefix("H") {
        [
          ("View restricted patients", "/view-restricted-patients"),
          ("Change the supporting prison", "/change-supporting-prison"),
          ("Remove from restricted patients", "/remove-from-restricted-patients"),
          ("Add to restricted patients", "/add-restricted-patient"),
        ]
      } else {
        []
      }
    return journeys.map { DPSDouble.Link($0.title, SampleFrontEnd.restrictedPatients.url + $0.path) }
  }
}
