import Kernel

/// How a router spreads tokens over experts.
public enum ExpertRouting: Hashable, Sendable {
  /// As evenly as whole tokens allow.
  case balanced
  /// Each token to experts drawn alike, without regard to the others.
  case uniform
  /// Loads of experts follow a truncated power law with this exponent, above 0: x^-a from 1 to 0.8 of the tokens where
  /// experts have more than one choice each, from 0.01 to 2 otherwise, rounded to whole tokens. What rounding leaves
  /// over goes to one expert each, as `remainder` says.
  /// Source: the benchmark of NVIDIA's aiconfigurator (collector/helper.py, power_law_logits_v3), whose rows time the
  /// device with the greatest load.
  case powerLaw(Double, remainder: Remainder = .byTurns)
  /// To this many experts of the device, evenly.
  case among(Double)

  /// Where choices go that rounding leaves over: of few tokens nearly all.
  public enum Remainder: Hashable, Sendable {
    /// To idle experts of each device in turn.
    case byTurns
    /// To the last idle experts, so that one device has them: eight choices take as long on 16 devices as on one.
    case toTheLast

    /// What the benchmark did when it ran this version of a framework, as the times of its rows tell: those of vLLM 0.14 put
    /// one token's choices on one device.
    init(framework: String, version: String) {
      self = framework == "vllm" && version.hasPrefix("0.14.") ? .toTheLast : .byTurns
    }
  }

  /// The routing that measurements name: "balanced", "uniform", "power_law_1.2", "activated_experts=8"; balanced
  /// where they name none.
  public init?(_ word: String, remainder: Remainder = .byTurns) {
    if word.isEmpty || word == "balanced" {
      self = .balanced
    } else if word == "uniform" {
      self = .uniform
    } else if word.hasPrefix("power_law_"), let exponent = Double(word.dropFirst(10)), exponent > 0, exponent <= 8 {
      self = .powerLaw(exponent, remainder: remainder)
    } else if word.hasPrefix("activated_experts="), let count = Double(word.dropFirst(18)), count >= 1, count <= 1e6 {
      self = .among(count)
    } else {
      return nil
    }
  }
}

/// What one device of an expert-parallel group has to do: that with the most.
public struct ExpertLoad: Hashable, Sendable {
  /// Experts of the device that get any token.
  public var active: Double
  /// Tokens that its experts get, counted once for each expert.
  public var tokens: Double

  /// A load.
  public init(active: Double, tokens: Double) {
    self.active = active
    self.tokens = tokens
  }

  /// The load of `tokens` of which each goes to `perToken` of `experts`, divided over `devices`.
  ///
  /// All are above 0, `perToken` and `devices` at most `experts`. Complexity: O(experts) for a power law, O(1) otherwise.
  public init(tokens: Double, experts: Double, perToken: Double, devices: Double, _ routing: ExpertRouting) {
    let own = max(1, (experts / devices).rounded(.down))
    let choices = tokens * perToken
    switch routing {
    case .balanced:
      // Tokens step through the experts: few ones leave gaps of the same width.
      let stride = (experts / perToken).rounded(.up)
      if tokens >= stride {
        self.init(active: own, tokens: choices / devices)
      } else {
        let met = min(choices, (own * tokens / stride).rounded(.up))
        self.init(active: met, tokens: met)
      }
    case .uniform:
      let missed = Elementary.pow(max(1 - perToken / experts, 0), tokens)
      self.init(active: own * (1 - missed), tokens: choices / devices)
    case .among(let count):
      self.init(active: min(count, own, choices), tokens: choices)
    case .powerLaw(let exponent, let remainder):
      self = PowerLaw(exponent, tokens: tokens, choices: choices, experts: experts)
        .greatest(own: own, devices: devices, remainder)
    }
  }
}

/// A truncated power law of loads.
private struct PowerLaw {
  private let tokens, choices, experts: Double
  /// 1 - exponent, and the ends of the law to that power.
  private let power, lower, upper: Double
  /// The ends.
  private let low, high: Double

  init(_ exponent: Double, tokens: Double, choices: Double, experts: Double) {
    self.tokens = tokens
    self.choices = choices
    self.experts = experts
    // At 1 the law has another form, of which this is the limit.
    power = abs(1 - exponent) < 1e-6 ? 1e-6 : 1 - exponent
    let isMany = choices > experts
    low = isMany ? 1 : 0.01
    high = isMany ? max(0.8 * tokens, 1.01) : 2
    lower = Elementary.pow(low, power)
    upper = Elementary.pow(high, power)
  }

  /// The load that a share `u` of experts does not exceed.
  private func quantile(_ u: Double) -> Double { Elementary.pow((upper - lower) * u + lower, 1 / power) }

  /// The mean of the load to a power.
  private func moment(_ order: Double) -> Double {
    let sum = order + power
    guard abs(sum) > 1e-9 else { return power * Elementary.log(high / low) / (upper - lower) }
    return power / sum * (Elementary.pow(high, sum) - Elementary.pow(low, sum)) / (upper - lower)
  }

  /// The expected greatest load of `devices` with `own` experts each, over the mean load.
  private func excess(own: Double, devices: Double) -> Double {
    guard devices > 1 else { return 1 }
    let (mean, second, third) = (moment(1), moment(2), moment(3))
    let variance = max(second - mean * mean, 1e-12 * second)
    let deviation = variance.squareRoot()
    let skew = (third - 3 * mean * second + 2 * mean * mean * mean) / (variance * deviation)
    // Expected greatest of so many normal numbers, within 0.08 for 2 to 256, and the skew of a sum of few terms
    // (E. Cornish and R. Fisher, 1938).
    let normal = max(0, 1.45 * Elementary.log(devices).squareRoot() - 0.6)
    let root = own.squareRoot()
    let extreme = normal + (normal * normal - 1) * skew / (6 * root)
    return min(max(1, 1 + deviation / mean / root * extreme), high / mean, devices)
  }

  /// The load of the device with the most, of `devices` with `own` experts each. All experts have the quantiles of the law.
  func greatest(own: Double, devices: Double, _ remainder: ExpertRouting.Remainder) -> ExpertLoad {
    let count = Int(min(experts, 65_536))
    let sizes = (0..<count).map { quantile((Double($0) + 0.5) / Double(count)) }
    let unit = choices / sizes.reduce(0, +)
    var (busy, given) = (0.0, 0.0)
    for size in sizes {
      let whole = min((size * unit + 0.5).rounded(.down), tokens)
      given += whole
      if whole > 0 { busy += 1 }
    }
    given = min(given, choices)
    let (idle, left, share) = (experts - busy, choices - given, own / experts)
    guard devices > 1 else { return ExpertLoad(active: max(busy + min(left, idle), 1), tokens: choices) }
    let excess = excess(own: own, devices: devices)
    var load = ExpertLoad(
      active: min(own, share * busy * excess), tokens: min(excess * given / devices, own * tokens))
    switch remainder {
    case .byTurns:
      load.tokens += left / devices
      load.active = min(own, load.active + min(left / devices, share * idle))
    case .toTheLast:
      let more = min(left, share * idle)
      if share * given + more > load.tokens {
        load = ExpertLoad(active: share * busy + more, tokens: share * given + more)
      }
    }
    load.tokens = max(1, min(load.tokens, choices))
    load.active = max(1, min(load.active, load.tokens))
    return load
  }
}
