/// Everything that is wrong with the configuration, at once.
struct ConfigurationError: Error, CustomStringConvertible {
  let problems: [String]

  var description: String {
    let list = problems.map { "  - \($0)" }.joined(separator: "\n")
    return """
      The configuration is not usable:
      \(list)
      Set these in the environment or in the file given by --config; `gateway config` shows what is in force.
      """
  }
}
