public import HTTPTransport

/// Where SQS, SNS and STS are.
public struct AWSEndpoints: Sendable {
  /// Such as `eu-west-2`.
  public let region: String
  /// Whether they are an emulator's, which may not know every action.
  public let isEmulator: Bool
  let sqs: HTTPURL
  let sns: HTTPURL
  let sts: HTTPURL

  /// AWS's own.
  /// - Parameter region: such as `eu-west-2`.
  /// - Throws: `HTTPURLError` for a text that is no region.
  public init(region: String) throws(HTTPURLError) {
    self.region = region
    isEmulator = false
    sqs = try HTTPURL("https://sqs.\(region).amazonaws.com")
    sns = try HTTPURL("https://sns.\(region).amazonaws.com")
    sts = try HTTPURL("https://sts.\(region).amazonaws.com")
  }

  /// An emulator that has all of them under one URL: `HMPPS_SQS_LOCALSTACK_URL`.
  public init(emulator: HTTPURL, region: String) {
    self.region = region
    isEmulator = true
    sqs = emulator
    sns = emulator
    sts = emulator
  }
}
