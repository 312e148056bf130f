import Kernel
import Units
import Workload

extension WorkloadFit {
  /// The generator as the `workload` of a scenario in YAML, under that key, so that a scenario may also extend the file;
  /// ends with a line feed.
  public var yaml: String {
    var lines = ["workload:"]
    lines += Self.generator(arrivals.process)
    lines.append("  rate: \(exact(rate.value)) /s")
    lines.append("  requests: \(requests)")
    lines.append("  lengths:")
    switch lengths {
    case .quantiles(let prompt, let output):
      lines += Self.law("prompt", prompt) + Self.law("output", output)
    case .pairs(let pairs):
      lines.append("    pairs:")
      lines += pairs.map { "      - [\($0.prompt) tokens, \($0.output) tokens, \(exact($0.weight))]" }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// The lines of `generator`.
  private static func generator(_ process: ArrivalProcess) -> [String] {
    switch process {
    case .gamma(_, let variation): return ["  generator: {gamma: {cv: \(exact(variation))}}"]
    case .weibull(_, let variation): return ["  generator: {weibull: {cv: \(exact(variation))}}"]
    case .switching(_, let states):
      return ["  generator:", "    mmpp:", "      states:"]
        + states.map { "        - {multiple: \(exact($0.multiple)), dwell: \(time($0.dwell))}" }
    case .diurnal(_, let profile):
      return [
        "  generator:", "    diurnal:", "      period: \(time(profile.period))",
        "      profile: [\(profile.rates.map { exact($0) }.joined(separator: ", "))]",
        "      cv: \(exact(profile.variation))",
      ]
    case .constant: return ["  generator: constant"]
    // A fit tries no measured gaps and no users.
    case .poisson, .measured, .closedLoop: return ["  generator: poisson"]
    }
  }

  private static func time(_ interval: Interval) -> String { Seconds(interval.seconds).exactText }

  private static func law(_ name: String, _ points: [Quantiles.Point]) -> [String] {
    if let first = points.first, first.value == points.last?.value {
      return ["    \(name): \(exact(first.value)) tokens"]
    }
    return ["    \(name):", "      quantiles:"]
      + points.map { "        p\(exact($0.probability * 100)): \(exact($0.value)) tokens" }
  }
}
