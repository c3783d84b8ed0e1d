internal import JSON
internal import ServiceKit

/// What SQS is sent, in its JSON protocol (Amazon SQS API Reference, 2012-11-05).
enum SQSRequests {
  static func queueURL(_ name: String) -> AWSCall {
    .sqs("GetQueueUrl", object { $0.field("QueueName", name) })
  }

  static func attributes(_ url: String) -> AWSCall {
    .sqs(
      "GetQueueAttributes",
      object {
        $0.field("QueueUrl", url)
        $0.key("AttributeNames")
        all(&$0)
      }
    )
  }

  /// SQS itself decides whether the content is allowed.
  static func send(_ message: OutgoingMessage, to url: String) -> AWSCall {
    .sqs(
      "SendMessage",
      object {
        $0.field("QueueUrl", url)
        $0.field("MessageBody", message.text)
        guard !message.attributes.isEmpty else { return }
        $0.key("MessageAttributes")
        $0.beginObject()
        for (name, attribute) in message.attributes.sorted(by: { $0.key < $1.key }) {
          $0.key(name)
          $0.beginObject()
          $0.field("DataType", attribute.dataType)
          $0.key(attribute.isBinary ? "BinaryValue" : "StringValue")
          $0.value(attribute.value)
          $0.endObject()
        }
        $0.endObject()
      }
    )
  }

  /// - Parameters:
  ///   - wait: seconds, 0 to 20.
  ///   - visibilityTimeout: seconds; nil for the queue's own.
  static func receive(_ url: String, limit: Int, wait: Int, visibilityTimeout: Int?) -> AWSCall {
    var call = AWSCall.sqs(
      "ReceiveMessage",
      object {
        $0.field("QueueUrl", url)
        $0.field("MaxNumberOfMessages", Int64(limit))
        $0.field("WaitTimeSeconds", Int64(wait))
        if let visibilityTimeout { $0.field("VisibilityTimeout", Int64(visibilityTimeout)) }
        // The first is the name that emulators of older versions know.
        for name in ["AttributeNames", "MessageSystemAttributeNames", "MessageAttributeNames"] {
          $0.key(name)
          all(&$0)
        }
      }
    )
    call.holding = .seconds(wait)
    // Ten messages of 1 MiB, each of their characters escaped.
    call.maximumResponseBytes = 64 * 1024 * 1024
    return call
  }

  /// - Parameter receipts: at most 10, each once.
  static func delete(_ receipts: [String], from url: String) -> AWSCall {
    .sqs(
      "DeleteMessageBatch",
      object {
        $0.field("QueueUrl", url)
        $0.key("Entries")
        $0.beginArray()
        for (index, receipt) in receipts.enumerated() {
          $0.beginObject()
          $0.field("Id", "\(index)")
          $0.field("ReceiptHandle", receipt)
          $0.endObject()
        }
        $0.endArray()
      }
    )
  }

  static func changeVisibility(_ url: String, receipt: String, seconds: Int) -> AWSCall {
    .sqs(
      "ChangeMessageVisibility",
      object {
        $0.field("QueueUrl", url)
        $0.field("ReceiptHandle", receipt)
        $0.field("VisibilityTimeout", Int64(seconds))
      }
    )
  }

  static func purge(_ url: String) -> AWSCall { .sqs("PurgeQueue", object { $0.field("QueueUrl", url) }) }

  static func moveMessages(from source: String, to destination: String) -> AWSCall {
    .sqs(
      "StartMessageMoveTask",
      object {
        $0.field("SourceArn", source)
        $0.field("DestinationArn", destination)
      }
    )
  }

  static func create(_ name: String, attributes: [(String, String)]) -> AWSCall {
    .sqs(
      "CreateQueue",
      object {
        $0.field("QueueName", name)
        if !attributes.isEmpty { write(attributes, &$0) }
      }
    )
  }

  private static func object(_ fields: (inout JSONWriter) -> Void) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    fields(&writer)
    writer.endObject()
    return writer.finish()
  }

  private static func all(_ writer: inout JSONWriter) {
    writer.beginArray()
    writer.value("All")
    writer.endArray()
  }

  private static func write(_ attributes: [(String, String)], _ writer: inout JSONWriter) {
    writer.key("Attributes")
    writer.beginObject()
    for (name, value) in attributes {
      writer.key(name)
      writer.value(value)
    }
    writer.endObject()
  }
}

extension MessageAttribute {
  var isBinary: Bool { dataType == "Binary" || dataType.hasPrefix("Binary.") }
}

extension OutgoingMessage {
  /// The body, as it goes into a request.
  var text: String { String(decoding: body, as: UTF8.self) }
}
