import Cluster
import Hardware
import Models
import Units
import Workload

/// A scenario with one variant and one point chosen, checked and filled in: all that a run needs, and where each
/// value comes from.
public struct ResolvedScenario: Sendable {
  /// The scenario's name: its file's without folder and ending.
  public var name: String
  /// The variant; nil where the scenario has none.
  public var variant: String?
  /// Seed of all random draws.
  public var seed: UInt64
  /// The model that is served.
  public var model: ServedModel
  /// What ``Simulation`` runs.
  public var cluster: ClusterDescription
  /// What stands behind each pool of the cluster, in the same order.
  public var pools: [ResolvedPool]
  /// The routing policy.
  public var route: RouteChoice
  /// Where the requests come from.
  public var workload: WorkloadPlan
  /// What is asked of the latencies; nil where nothing is.
  public var slo: SLO?
  /// The unloaded engine that slowdowns are counted against; nil where the SLO has no slowdowns.
  public var reference: ReferenceEngine?
  /// The record of a real server that the scenario describes; nil where there is none.
  public var measured: MeasuredPlan?
  /// Every value in force with its origin, in the order of reading.
  public var settings: [Setting]
  /// What names this resolution.
  public var provenance: Provenance
  /// Warnings and notes.
  public var warnings: [Diagnostic]

  /// The workload, read or generated anew at each call.
  /// - Throws: ``Faults`` where the trace is malformed or cannot be changed as asked, or a prefix cache cannot follow it.
  public func trace() throws(Faults) -> Trace {
    let trace = try workload.trace(seed: seed)
    if let blocks = trace.blocks { try checkPrefixes(unit: blocks.unit) }
    return withContents(trace)
  }

  /// The trace with contents for prefix caches to keep: where it does not say what its requests have in common, they
  /// have nothing, and only one that was preempted finds what it had computed.
  public func withContents(_ trace: Trace) -> Trace {
    guard trace.blocks == nil, cluster.keepsPrefixes, let unit = cluster.prefixBlockTokens else { return trace }
    var trace = trace
    trace.blocks = PromptBlocks(ownOf: trace.requests, unit: unit)
    return trace
  }

  /// Those who send the requests of `trace`, with what they are promised: the scenario's SLO where they have none of
  /// their own.
  public func tenants(of trace: Trace) -> [Tenant] {
    workload.tenants(of: trace).map { Tenant(name: $0.name, priority: $0.priority, slo: $0.slo ?? slo) }
  }

  /// The resolution with its workload at another mean rate, as a search for capacity asks for it.
  public func at(_ rate: Rate) -> ResolvedScenario {
    var resolved = self
    resolved.workload = workload.at(rate)
    resolved.settings.append(
      Setting(path: "workload.rate", value: rate.exactText, origin: .computed("a search for capacity")))
    resolved.provenance = Provenance(file: provenance.file, settings: resolved.settings, digests: provenance.digests)
    return resolved
  }

  /// A routing policy that has decided nothing yet.
  public func makeRoute() -> any RoutePolicy { route.policy }

  /// The times of a lone request on the reference engine.
  public var unloaded: UnloadedReference? { reference?.engine.cost.unloadedReference }

  /// Peak rates of each pool's device, for MFU and MBU.
  public var peaks: [DevicePeak?] { pools.map(\.peak) }

  /// Dollars per hour of the whole cluster.
  public var price: Price { pools.reduce(Price(0)) { $0 + $1.price * Double($1.replicas) } }
}

/// A model as a scenario serves it.
public struct ServedModel: Sendable {
  /// The name in the scenario.
  public var name: String
  /// Its shapes.
  public var transformer: Transformer
  /// Its formats.
  public var formats: ModelFormats
}

/// What stands behind a pool.
public struct ResolvedPool: Sendable {
  /// The name of the pool.
  public var name: String
  /// The name of the device in the scenario.
  public var deviceName: String
  /// The device.
  public var device: Device
  /// The engine of one replica.
  public var engine: EngineCost
  /// Replicas.
  public var replicas: Int
  /// Dollars per hour of one replica.
  public var price: Price
  /// Its devices that nobody is known to let, where the pool gives no price.
  public var unpriced: [String]
  /// Watts of one replica.
  public var power: EnginePower
  /// The name of the batch policy.
  public var batch: String

  /// Devices of one replica.
  public var devices: Int { engine.layout.devices }

  /// Peak rates of one device; nil where it cannot compute in the model's format.
  public var peak: DevicePeak? {
    guard let rate = engine.formats.peakOperations(on: device), let tier = device.memory.first else {
      return nil
    }
    return DevicePeak(operations: rate, bytes: tier.bandwidth.value.value)
  }
}

/// A routing policy that a scenario named.
public struct RouteChoice: Sendable {
  /// The name.
  public var name: String
  /// One that has decided nothing yet; a run takes a copy.
  public var policy: any RoutePolicy
}

/// An engine without load that latencies are compared with.
public struct ReferenceEngine: Sendable {
  /// The name of its device in the scenario.
  public var deviceName: String
  /// The engine.
  public var engine: EngineCost
}

/// What names a resolution: equal hashes mean equal values of every setting and equal catalogue files.
public struct Provenance: Hashable, Sendable {
  /// The scenario file as it was given.
  public var file: String
  /// Every setting as "path = value" and the SHA-256 of every catalogue file read, of a trace that of its first MiB
  /// beside its length; the lines sorted.
  public var canonical: String
  /// SHA-256 of `canonical` in hexadecimal.
  public var hash: String
  /// SHA-256 of every file read, by its kind and name.
  public var digests: [String: String]

  init(file: String, settings: [Setting], digests: [String: String]) {
    self.file = file
    self.digests = digests
    let lines = settings.map { "\($0.path) = \($0.value)" } + digests.map { "\($0.key) sha256 \($0.value)" }
    canonical = Set(lines).sorted().joined(separator: "\n") + "\n"
    hash = sha256(canonical.utf8)
  }
}
