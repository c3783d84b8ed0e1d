internal import ServiceKit

extension GatewayTracer {
  /// For those who keep spans.
  /// - Parameters:
  ///   - traces: gets the sampled ones.
  ///   - insights: gets all, and takes its own share.
  public convenience init(_ traces: OTLPTraceExporter?, _ insights: InsightsRoles?) {
    self.init(sampleRatio: traces?.sampleRatio ?? 1, recordsAll: insights != nil) { span in
      if span.context.isSampled { traces?.add(span) }
      insights?.add(span)
    }
  }
}
