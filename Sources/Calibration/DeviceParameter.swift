import Hardware
import Statistics
import Units

/// A number of a device that is fitted to measurements.
public enum DeviceParameter: String, CaseIterable, Hashable, Sendable {
  /// Achieved share of arithmetic in matrix products.
  case compute = "efficiency.compute"
  /// Achieved share of memory bandwidth in matrix products and elementwise kernels.
  case memory = "efficiency.memory"
  /// Achieved share of link bandwidth in collectives.
  case link = "efficiency.link"
  /// Achieved share of link bandwidth in collectives of large messages, as a share of ``link``.
  case largeLink = "collective.large.efficiency"
  /// Seconds of a collective per doubling of its devices.
  case collectiveLatency = "collective.latency"
  /// Seconds of the host between steps.
  case hostPerStep = "execution.host-per-step"
  /// Seconds of the host per sampled token.
  case hostPerSequence = "execution.host-per-sequence"
  /// Seconds of the host to issue a step with prompt tokens.
  case prefillDispatch = "execution.prefill-dispatch"
  /// Seconds of the host to issue a decode-only step.
  case decodeDispatch = "execution.decode-dispatch"

  /// Whether the parameter is a share, in (0, 1), or else a time, above 0.
  public var isShare: Bool {
    switch self {
    case .compute, .memory, .link, .largeLink: true
    case .collectiveLatency, .hostPerStep, .hostPerSequence, .prefillDispatch, .decodeDispatch: false
    }
  }

  /// The parameter's value in `device`; nil where the device has no such thing.
  public func value(in device: Device) -> Double? {
    switch self {
    case .compute: device.efficiency.compute.value
    case .memory: device.efficiency.memory.value
    case .link: device.efficiency.link.value
    case .largeLink: device.collective.large.map { $0.efficiency.value / device.efficiency.link.value }
    case .collectiveLatency: device.collective.latency.value.value
    case .hostPerStep: device.execution.hostPerStep.value.value
    case .hostPerSequence: device.execution.hostPerSequence.value.value
    case .prefillDispatch: device.execution.prefillDispatch.value.value
    case .decodeDispatch: device.execution.decodeDispatch.value.value
    }
  }

  /// Sets the parameter in `device` to `value` with `source`. Set ``largeLink`` after ``link``.
  public func set(_ value: Double, source: String, in device: inout Device) {
    switch self {
    case .compute: device.efficiency.compute = Sourced(value, source: source)
    case .memory: device.efficiency.memory = Sourced(value, source: source)
    case .link: device.efficiency.link = Sourced(value, source: source)
    case .largeLink:
      device.collective.large?.efficiency = Sourced(value * device.efficiency.link.value, source: source)
    case .collectiveLatency: device.collective.latency = Sourced(Seconds(value), source: source)
    case .hostPerStep: device.execution.hostPerStep = Sourced(Seconds(value), source: source)
    case .hostPerSequence: device.execution.hostPerSequence = Sourced(Seconds(value), source: source)
    case .prefillDispatch: device.execution.prefillDispatch = Sourced(Seconds(value), source: source)
    case .decodeDispatch: device.execution.decodeDispatch = Sourced(Seconds(value), source: source)
    }
  }

  /// The parameter as an unknown of a fit that starts at `value`, pulled inside its bounds: shares up to 0.95, which
  /// is as near to a peak as tuned kernels come, times from 0.
  func unknown(startingAt value: Double) -> Parameter {
    isShare
      ? Parameter(rawValue, start: min(max(value, 0.03), 0.94), lower: 0.02, upper: 0.95)
      : Parameter(rawValue, start: max(value, 1e-7), lower: 0)
  }
}
