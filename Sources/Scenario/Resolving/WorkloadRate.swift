import Units
import Workload

extension WorkloadPlan {
  /// The mean rate at which requests come, further turns and samples among them; nil where it follows from how they are
  /// served, or only the trace knows it.
  public var meanRate: Rate? {
    var sum = Rate(0)
    for part in parts {
      switch part.source {
      case .generator(let generator):
        guard let rate = generator.arrivals.rate else { return nil }
        sum = sum + rate
      case .trace:
        guard let rate = part.rate else { return nil }
        sum = sum + rate
      case .tenants: break
      }
    }
    return sum
  }

  /// Whether ``at(_:)`` gives the workload at another rate: one source has a rate, several need to name theirs.
  public var canChangeRate: Bool {
    if case .trace = source, parts.count == 1 { return true }
    return meanRate.map { $0.value > 0 } ?? false
  }

  /// The plan at another rate: a generator draws the same requests closer together or further apart, a trace is
  /// scaled to that mean rate, and the parts of a mixture keep what they are to each other.
  public func at(_ rate: Rate) -> WorkloadPlan {
    guard parts.count > 1 || source == .tenants else { return alone(at: rate) }
    guard let mean = meanRate, mean.value > 0 else { return self }
    var plan = self
    func scaled(_ part: WorkloadPlan) -> WorkloadPlan {
      var own = part
      own.tenants = []
      return own.meanRate.map { part.alone(at: $0 * (rate / mean)) } ?? part
    }
    if source != .tenants { plan = scaled(self) }
    plan.tenants = tenants.map { tenant in
      var tenant = tenant
      tenant.workload = tenant.workload.map(scaled)
      return tenant
    }
    return plan
  }

  private func alone(at rate: Rate) -> WorkloadPlan {
    var plan = self
    switch source {
    case .trace: plan.rate = rate
    case .generator(var generator):
      generator.arrivals = generator.arrivals.at(rate)
      plan.source = .generator(generator)
    case .tenants: break
    }
    return plan
  }

  /// The highest rate that a search without a bound of its own tries: a generator of a duration draws more requests
  /// at a higher rate, up to ten million here.
  public var highestRate: Rate {
    let durations = parts.compactMap { part -> Double? in
      guard case .generator(let generator) = part.source, case .duration(let duration) = generator.extent else {
        return nil
      }
      return duration.seconds
    }
    return Rate(min(1e9, 1e7 / (durations.max() ?? 0.01)))
  }
}
