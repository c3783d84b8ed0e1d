/// Names in the form of AWS (`arn:aws:sns:eu-west-2:000000000000:name`), for brokers that have no account.
public enum BrokerARN {
  /// The ARN of a topic.
  public static func topic(_ name: String) -> String { "arn:aws:sns:eu-west-2:000000000000:\(name)" }
  /// The ARN of a queue.
  public static func queue(_ name: String) -> String { "arn:aws:sqs:eu-west-2:000000000000:\(name)" }

  /// The last part of an ARN; the whole text if it is none.
  public static func name(_ arn: String) -> String {
    arn.split(separator: ":").last.map(String.init) ?? arn
  }
}
