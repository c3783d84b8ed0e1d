import Doubles
import Foundation
import HTTPTransport
import HTTPTypes
import LocalStack
import ModuleKit
import ServiceKit
import Subprocess
import Testing
import Time

@testable import Gateway

/// What can be played on an all-in-one profile: the doubles change, the events flow through the queues, and the
/// gateway's own records follow.
@Suite("Playing on the all-in-one profile")
struct PlayTests {
  @Test(
    "A merge, a booking move, releases, receptions, a discharge and a removal have the effects they should"
  )
  func scenes() async throws {
    try await LocalGateway.with { local async throws in
      let merge = try await local.report(PlayScene(.merge, "A1234BC", other: "B2345CD"))
      #expect(merge.contains("prison-offender-events.prisoner.merged published"))
      #expect(merge.contains("non-associations: handled"))
      #expect(merge.contains("A1234BC and E5678FG, open → B2345CD and E5678FG, open"), "\(merge)")
      #expect(local.environment.records.prisoner("A1234BC") == nil)

      let moved = try await local.report(PlayScene(.bookingMoved, "E5678FG", other: "H8901JK"))
      #expect(moved.contains("E5678FG and F6789GH, open → H8901JK and F6789GH, open"), "\(moved)")
      #expect(local.environment.records.prisoner("H8901JK")?.prisonID == "LEI")
      #expect(local.environment.records.prisoner("E5678FG")?.prisonID == nil)

      var hospital = PlayScene(.released, "C3456DE")
      hospital.hospital = "HAZLWD"
      let released = try await local.report(hospital)
      #expect(released.contains("C3456DE is a restricted patient now, in HAZLWD"), "\(released)")
      #expect(released.contains("the gateway published restricted-patients.patient.added about C3456DE"))

      let home = try await local.report(PlayScene(.released, "D4567EF"))
      #expect(home.contains("handled") && home.contains("nothing changed in the gateway"), "\(home)")
      #expect(local.environment.records.prisoner("D4567EF")?.prisonID == "OUT")

      var reception = PlayScene(.reception, "C3456DE")
      reception.prison = "LEI"
      let received = try await local.report(reception)
      #expect(received.contains("OFFENDER_MOVEMENT-RECEPTION published"))
      #expect(received.contains("C3456DE is a restricted patient no more"), "\(received)")
      #expect(local.environment.records.prisoner("C3456DE")?.prisonID == "LEI")

      let later = try await local.report(PlayScene(.received, "N3457PQ"))
      #expect(later.contains("N3457PQ is a restricted patient no more"), "\(later)")

      let discharge = try await local.report(PlayScene(.discharge, "F6789GH"))
      #expect(discharge.contains("F6789GH is a restricted patient now, in HAZLWD"), "\(discharge)")
      #expect(local.environment.records.movement(of: "F6789GH")?.reason == "HP")
      let found = try await local.search(#"{"supportingPrisonIds":["LEI"]}"#)
      #expect(Set(found) == ["F6789GH", "P4568QR"])

      let removal = try await local.report(PlayScene(.removal, "F6789GH"))
      #expect(removal.contains("F6789GH is a restricted patient no more"), "\(removal)")
      #expect(local.environment.records.movement(of: "F6789GH")?.reason == "CR")

      let stuck = try await local.report(PlayScene(.merge, "P4568QR", other: "G7890HJ"))
      #expect(stuck.contains("the merge of P4568QR into G7890HJ waits for a person"), "\(stuck)")
      #expect(stuck.contains("not done; it comes again"), "\(stuck)")
    }
  }

  @Test("Over HTTP it is the same; what makes no sense is refused with a reason; endpoints.env is for shells")
  func overHTTP() async throws {
    try await LocalGateway.with { local async throws in
      func post(_ body: String) async throws -> ClientResponse {
        try await local.application.composition.platform.keysClient.send(
          ClientRequest(
            method: .post,
            url: HTTPURL(local.environment.playURL),
            fields: [.contentType: "application/json"],
            body: Array(body.utf8)
          ),
          deadline: .now() + .seconds(30)
        )
      }
      let answer = try await post(#"{"event":"released","prisoner":"B2345CD","hospital":"HAZLWD"}"#)
      #expect(answer.status == .ok)
      let report = try #require(PlayReport(json: answer.body))
      #expect(report.outcome.contains("B2345CD is a restricted patient now, in HAZLWD"))
      for (body, reason) in [
        ("[]", "JSON object"), (#"{"event":"fire","prisoner":"A1234BC"}"#, "event must be one of merge"),
        (#"{"event":"merge"}"#, "prisoner must be"),
        (#"{"event":"merge","prisoner":"A1234BC"}"#, "second prisoner"),
        (#"{"event":"merge","prisoner":"A1234BC","other":"A1234BC"}"#, "itself"),
        (#"{"event":"merge","prisoner":"A1234BC","other":"Z9999ZZ"}"#, "Z9999ZZ is not a prisoner"),
        (#"{"event":"released","prisoner":"L1235MN"}"#, "not in a prison"),
        (#"{"event":"released","prisoner":"A1234BC","hospital":"MDI"}"#, "MDI is not a hospital"),
        (#"{"event":"reception","prisoner":"A1234BC","prison":"HAZLWD"}"#, "not a prison"),
        (#"{"event":"removal","prisoner":"A1234BC"}"#, "answered 404"),
        (#"{"event":"discharge","prisoner":"A1234BC","user":"NOBODY"}"#, "not a sample user"),
      ] {
        let refused = try await post(body)
        #expect(refused.status == .badRequest)
        let text = String(decoding: refused.body, as: UTF8.self)
        #expect(text.contains(reason), "\(text)")
      }
      let endpoints = LocalEndpoints(local.environment, serverURL: local.application.url)
      try endpoints.write()
      let path = LocalEndpoints.path(in: local.environment.dataFolder.path)
      let output = try Subprocess.run(
        ["/bin/sh", "-euc", #". "$0"; echo "$DATABASE_URL"; echo "$HMPPS_NON_ASSOCIATIONS_API_URL""#, path]
      )
      let lines = String(decoding: output, as: UTF8.self).split(separator: "\n").map(String.init)
      #expect(lines.first == local.environment.databaseURL)
      #expect(lines.last == local.application.url + "/non-associations-api")
      for (title, port, name) in [
        ("The non-associations front end", 3000, "OFFENDER_SEARCH_API_URL"),
        ("The restricted patients front end", 3001, "PRISONER_SEARCH_API_URL"),
      ] {
        // As the head of the file says.
        let script = """
          set -a; . <(sed -n '/^# \(title)/,/^$/p' "$0"); set +a
          env | grep -E '^(PORT|INGRESS_URL|DPS_URL|NEW_DPS_URL|PRISONER_PROFILE_URL|COMPONENT_API_URL|\(name))=' | sort
          """
        let part = try Subprocess.run([
          "/usr/bin/env", "-i", "PATH=/usr/bin:/bin", "bash", "-euc", script, path,
        ])
        let services = local.environment.userServicesURL
        let expected = [
          "COMPONENT_API_URL=\(services)", "DPS_URL=\(services)", "INGRESS_URL=http://localhost:\(port)",
          "NEW_DPS_URL=\(services)", "\(name)=\(local.environment.prisonerSearchURL)", "PORT=\(port)",
          "PRISONER_PROFILE_URL=\(services)",
        ]
        let found = String(decoding: part, as: UTF8.self).split(separator: "\n").map(String.init)
        #expect(Set(found) == Set(expected))
      }
      let text = try String(contentsOfFile: path, encoding: .utf8)
      #expect(text.contains("# It needs a Redis") && !text.contains("FRONTEND_COMPONENTS"))
      let values = try ConfigurationFile.read(path: path)
      #expect(values["DATABASE_URL"] == local.environment.databaseURL)
      var reader = SettingsReader(environment: [:], file: values, profile: .standard)
      reader.namesOfOthers = LocalEndpoints.othersNames
      #expect(reader.unknownNames().isEmpty)
    }
  }
}

extension LocalGateway {
  /// The numbers of the restricted patients that prisoner search finds.
  fileprivate func search(_ body: String) async throws -> [String] {
    let answer = try await application.composition.platform.keysClient.send(
      ClientRequest(
        method: .post,
        url: HTTPURL(
          environment.prisonerSearchURL + "/restricted-patient-search/match-restricted-patients?size=3000"
        ),
        fields: [.authorization: "Bearer x", .contentType: "application/json"],
        body: Array(body.utf8)
      ),
      deadline: .now() + .seconds(10)
    )
    let object = try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any]
    return (object?["content"] as? [[String: Any]] ?? []).compactMap { $0["prisonerNumber"] as? String }
  }
}
