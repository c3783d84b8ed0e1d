/// Which part of the patients is wanted.
struct PageRequest: Equatable, Sendable {
  static let defaultSize: Int64 = 20
  static let maximumSize: Int64 = 200

  var supportingPrisonID: String?
  var hospitalLocationCode: String?
  /// `yyyy-MM-dd`, the first day that counts.
  var dischargedFrom: String?
  /// `yyyy-MM-dd`, the last day that counts.
  var dischargedTo: String?
  /// From 0.
  var page: Int64 = 0
  /// 1 to 200.
  var size: Int64 = defaultSize
}
