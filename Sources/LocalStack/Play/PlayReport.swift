internal import Doubles
internal import JSON
internal import ServiceKit

/// What was played, and what came of it, in lines for a person to read.
public struct PlayReport: Sendable, Equatable {
  /// What was done: to the records of the doubles, and by whom.
  public var did: [String] = []
  /// The events published, by type, and which queues they went to and what became of them there.
  public var events: [String] = []
  /// What changed in the gateway: non-associations, restricted patients, merges that wait, events it published itself.
  public var outcome: [String] = []

  /// Nothing played yet.
  public init() {}

  /// The body of the answer of `POST /play`: an object with the three lists.
  public var json: [UInt8] {
    var json = JSONWriter()
    json.beginObject()
    json.field("did", did)
    json.field("events", events)
    json.field("outcome", outcome)
    json.endObject()
    return json.bytes
  }

  /// Reads such an answer; nil for another.
  public init?(json bytes: [UInt8]) {
    guard let value = try? JSONValue(parsing: bytes), let fields = try? JSONObject(value),
      let did = try? fields.texts("did"), let events = try? fields.texts("events"),
      let outcome = try? fields.texts("outcome")
    else { return nil }
    self.did = did
    self.events = events
    self.outcome = outcome
  }
}
