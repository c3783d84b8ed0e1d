import ServerTestKit

/// The answers of docs/contract/restricted-patients.md §15.
extension ScriptedUpstream {
  func stubBooking(_ number: String = "A12345", isActive: String = "true") {
    stub(
      Self.booking(number),
      200,
      #"{"offenderNo":"\#(number)","bookingId":1138058,"activeFlag":\#(isActive)}"#
    )
  }

  func stubDischarge(_ number: String = "A12345") {
    stub(Self.discharge(number), 201, #"{"offenderNo":"\#(number)"}"#)
  }

  static func movement(
    _ changes: [String: String?] = [:]
  ) -> String {
    var members: [String: String?] = [
      "fromAgency": "MDI", "toAgency": "HAZLWD", "movementType": "REL", "movementReasonCode": "HP",
      "movementDate": "2022-05-20", "movementTime": "14:36:13", "commentText": "Psychiatric discharge",
    ]
    for (name, value) in changes { members.updateValue(value, forKey: name) }
    let texts = members.sorted { $0.key < $1.key }
      .map { name, value in "\"\(name)\":" + (value.map { "\"\($0)\"" } ?? "null") }
    return "{\(texts.joined(separator: ","))}"
  }

  func stubMovements(_ movements: String...) {
    stub(Self.movements, 200, "[\(movements.joined(separator: ","))]")
  }

  static func agencyJSON(_ id: String, _ description: String, _ type: String) -> String {
    #"{"agencyId":"\#(id)","description":"\#(description)","longDescription":"\#(description)","agencyType":"\#(type)","active":true}"#
  }

  /// - Parameters:
  ///   - prison: one that is new, by its id.
  ///   - hospital: likewise.
  func stubLists(with prison: String? = nil, hospital: String? = nil) {
    let prisons =
      [
        Self.agencyJSON("MRI", "Manchester (HMP)", "INST"),
        Self.agencyJSON("MDI", "Moorland (HMP & YOI)", "INST"), Self.agencyJSON("HDI", "Hatfield", "INST"),
      ] + (prison.map { [Self.agencyJSON($0, "New prison", "INST")] } ?? [])
    let hospitals =
      [
        Self.agencyJSON("STANSD", "St Ann's", "HSHOSP"), Self.agencyJSON("BRADEN", "Braden", "HSHOSP"),
        Self.agencyJSON("HAZLWD", "Hazelwood House", "HSHOSP"),
      ] + (hospital.map { [Self.agencyJSON($0, "New hospital", "HSHOSP")] } ?? [])
    stub(Self.lists[0], 200, "[\(prisons.joined(separator: ","))]")
    stub(Self.lists[1], 200, "[\(hospitals.joined(separator: ","))]")
    stub(Self.lists[2], 200, "[\(hospitals.joined(separator: ","))]")
  }
}
