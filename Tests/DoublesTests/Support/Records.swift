import ServiceKit
import Time

@testable import Doubles

extension PrisonAPIDouble {
  /// With the sample prisoners, and with events at once.
  convenience init() throws {
    self.init(records: PrisonRecords(clock: SystemClock()), london: try LondonTime(), indexing: .zero)
  }
}

extension PrisonerSearchDouble {
  convenience init(inventsPrisoners: Bool = false) {
    self.init(records: PrisonRecords(clock: SystemClock()), inventsPrisoners: inventsPrisoners)
  }
}
