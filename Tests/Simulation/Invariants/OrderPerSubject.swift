internal import Time

/// The rows of a subject reach the broker in their order: none before an earlier one that was neither published nor set
/// aside, none once more after a later one.
struct OrderPerSubject: Invariant {
  private var subjects: [Int64: String] = [:]
  private var rows: [String: [Int64]] = [:]
  private var done: Set<Int64> = []
  private var latest: [String: Int64] = [:]

  mutating func check(_ observation: Observation, at now: MonotonicInstant) -> String? {
    switch observation {
    case .committed(let row, let subject, _):
      subjects[row] = subject
      rows[subject, default: []].append(row)
      return nil
    case .settled(let row, _, _, let isSetAside):
      if isSetAside { done.insert(row) }
      return nil
    case .accepted(let row):
      guard let subject = subjects[row] else { return nil }
      if let later = latest[subject], later > row {
        return "row \(row) came after row \(later) of \(subject)"
      }
      if let earlier = rows[subject]?.first(where: { $0 < row && !done.contains($0) }) {
        return "row \(row) overtook row \(earlier) of \(subject)"
      }
      latest[subject] = row
      done.insert(row)
      return nil
    default: return nil
    }
  }
}
