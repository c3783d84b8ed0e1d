import ServiceKit
import Time

@testable import LocalProfile

extension DevelopmentPrisonAPI {
  /// With the sample prisoners, and with events at once.
  convenience init() throws { self.init(records: PrisonRecords(), london: try LondonTime(), indexing: .zero) }
}
