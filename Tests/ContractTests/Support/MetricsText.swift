import Foundation
import Subprocess
import Testing

/// One sample of a text of metrics, as Prometheus' own client library reads it.
struct MetricSample: Decodable {
  let family, type, help, name: String
  let labels: [String: String]
  let value: String
}

/// The metrics of a gateway, read by the Python of `GATEWAY_TEST_PYTHON`, with prometheus-client.
struct ScrapedMetrics {
  let samples: [MetricSample]

  /// - Throws: when the library refuses the text.
  init(_ text: [UInt8]) throws {
    let python = ProcessInfo.processInfo.environment["GATEWAY_TEST_PYTHON"] ?? "python3"
    let script = Bundle.module.bundleURL.appendingPathComponent("read_metrics.py").path
    // deploy/test prepares a Python with prometheus-client.
    let json = try Subprocess.run([python, script], input: text)
    samples = try JSONDecoder().decode([MetricSample].self, from: Data(json))
  }

  /// The value of the one sample of that name whose labels hold all of `labels`; nil if there is none, or more.
  func value(_ name: String, _ labels: [String: String] = [:]) -> Double? {
    let matching = samples.filter { sample in
      sample.name == name && labels.allSatisfy { sample.labels[$0.key] == $0.value }
    }
    return matching.count == 1 ? Double(matching[0].value) : nil
  }
}
