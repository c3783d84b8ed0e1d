internal import Glibc
public import ServiceKit

extension MetricsRegistry {
  /// The metrics that Prometheus asks of every process, from `/proc/self`.
  /// - Parameters:
  ///   - version: for `gateway_build_info`.
  ///   - started: when the process started, in seconds since 1970.
  public func addProcess(version: String, started: Double) {
    gauge(name: "gateway_build_info", help: "1, with the version that runs.", labels: [("version", version)])
    { 1 }
    gauge(name: "process_start_time_seconds", help: "When the process started, in seconds since 1970.") {
      started
    }
    gauge(name: "process_resident_memory_bytes", help: "Memory in RAM.") {
      ProcessStatus.read()?.residentBytes
    }
    gauge(name: "process_virtual_memory_bytes", help: "Address space.") { ProcessStatus.read()?.virtualBytes }
    gauge(name: "process_threads", help: "Threads.") { ProcessStatus.read()?.threads }
    gauge(name: "process_open_fds", help: "Open file descriptors.") { ProcessStatus.openDescriptors() }
    gauge(name: "process_max_fds", help: "File descriptors that may be open.") {
      ProcessStatus.maximumDescriptors()
    }
    read(.counter, name: "process_cpu_seconds_total", help: "Processor time, user and system.") {
      [MetricSample([], ProcessStatus.cpuSeconds())]
    }
  }
}

/// What the kernel says about this process.
enum ProcessStatus {
  struct Values {
    var residentBytes: Double
    var virtualBytes: Double
    var threads: Double
  }

  /// `/proc/self/status`, nil where there is none.
  static func read() -> Values? {
    guard let file = fopen("/proc/self/status", "r") else { return nil }
    defer { fclose(file) }
    var values: [String: Double] = [:]
    var line = [CChar](repeating: 0, count: 512)
    while fgets(&line, Int32(line.count), file) != nil {
      let text = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
      let parts = text.split(whereSeparator: { $0 == ":" || $0.isWhitespace })
      if parts.count >= 2, let number = Double(parts[1]) { values[String(parts[0])] = number }
    }
    guard let resident = values["VmRSS"], let virtual = values["VmSize"], let threads = values["Threads"]
    else {
      return nil
    }
    return Values(residentBytes: resident * 1024, virtualBytes: virtual * 1024, threads: threads)
  }

  /// How many entries `/proc/self/fd` has, without the one that looking takes.
  static func openDescriptors() -> Double? {
    guard let folder = opendir("/proc/self/fd") else { return nil }
    defer { closedir(folder) }
    var count = 0
    while readdir(folder) != nil { count += 1 }
    // "." and ".." and the folder itself.
    return Double(max(0, count - 3))
  }

  static func maximumDescriptors() -> Double? {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return nil }
    return Double(limit.rlim_cur)
  }

  static func cpuSeconds() -> Double {
    var usage = rusage()
    guard getrusage(RUSAGE_SELF.rawValue, &usage) == 0 else { return 0 }
    return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
      + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
  }
}
