import Cluster
import Hardware
import Units

/// Turns the settled settings of a scenario into something to run, telling every fault on the way.
final class Resolver {
  /// Most pools of a cluster.
  static let poolLimit = 256

  let variant: String?
  let scenario: Scenario
  let diagnostics: Diagnostics
  /// What the catalogue gave so far.
  private(set) var stock: Stock

  init(_ scenario: Scenario, variant: String?, _ diagnostics: Diagnostics) {
    self.scenario = scenario
    self.variant = variant
    self.diagnostics = diagnostics
    stock = scenario.stock
  }

  /// The resolution of `root`; nil with diagnostics.
  func resolve(_ root: Element) -> ResolvedScenario? {
    let before = diagnostics.errorCount
    let reading = Reading(diagnostics: diagnostics)
    let fields = Fields(root, path: "", reading: reading)
    let lookup = Lookup(
      catalogue: scenario.catalogue, folder: scenario.folder, diagnostics: diagnostics)
    let shelf = Shelf(lookup, stock: scenario.stock)
    defer { stock = shelf.stock }
    let seed = fields.count("seed", in: 0...Int.max, default: 1, because: "one run like any other")
    let model = ModelSection(reading: reading, shelf: shelf).model(fields)

    let cluster = cluster(fields)
    let members = cluster.fields("pools")
    let names = members.keys.filter { members.element($0) != nil }
    if names.isEmpty, members.isMapping, cluster.isMapping, fields.has("cluster") {
      let example = "{all: {device: h100-sxm, tensor-parallel: 4, replicas: 2}}"
      if cluster.has("pools") || !members.keys.isEmpty {
        diagnostics.error(
          at: members.place, "the cluster has no pool", why: "requests need engines to serve them",
          fix: "write 'pools: \(example)'")
      } else {
        cluster.missing("pools", example: example)
      }
    }
    for name in names { Names.check(name, "pool", at: members.place(of: name), diagnostics) }
    if names.count > Self.poolLimit {
      diagnostics.error(
        at: members.place, "the cluster has \(names.count) pools", why: "it has at most \(Self.poolLimit)",
        fix: "put equal replicas into one pool")
      return nil
    }
    let links = LinkSection(
      reading: reading, shelf: shelf, pools: names, layers: model?.transformer.layers.count ?? 1)
    let transfers = links.transfers(cluster)
    let context = PolicyContext(
      seed: UInt64(seed ?? 1), pools: names, paths: LinkSection.paths(cluster, pools: names))

    let policy = fields.fields("policy")
    let batch = PoolSection.batch(policy, scenario.policies, context)
    let route = route(policy, context)
    policy.finish()
    let section = PoolSection(
      reading: reading, shelf: shelf, policies: scenario.policies, context: context, model: model, batch: batch)
    let defaults = defaults(cluster)
    let pools = names.map { section.pool($0, PoolSection.fields(members, $0, defaults: defaults)) }
    members.finish()
    cluster.finish()

    let objectives = SLOSection(reading: reading, shelf: shelf, model: model)
    let workload = WorkloadSection(reading: reading, lookup: lookup, objectives: objectives).workload(fields)
    for trace in workload?.traces ?? [] { shelf.note(trace) }
    let (slo, reference) = objectives.slo(fields)
    let measured = MeasuredSection(reading: reading, lookup: lookup).plan(fields)
    fields.finish()
    guard diagnostics.errorCount == before, let seed, let model, let route, var workload else { return nil }
    let built = pools.compactMap { $0 }
    guard built.count == names.count else { return nil }
    let description = ClusterDescription(pools: built.map(\.0), transfers: transfers)
    if workload.sharesContents { workload.blockTokens = description.prefixBlockTokens }
    warnOfFreePools(built.map(\.1), fields)
    if let slo { SLOFloor(built, workload)?.warn(slo, fields.element("slo"), diagnostics) }
    for tenant in workload.tenants {
      guard let slo = tenant.slo else { continue }
      let element = fields.element("workload")?["tenants"]?[tenant.name]?["slo"]
      SLOFloor(built, tenant.workload ?? workload)?.warn(slo, element, diagnostics)
    }
    return ResolvedScenario(
      name: scenario.name, variant: variant, seed: UInt64(seed), model: model,
      cluster: description, pools: built.map(\.1), route: route,
      workload: workload, slo: slo, reference: reference, measured: measured, settings: reading.settings,
      provenance: Provenance(file: scenario.path, settings: reading.settings, digests: shelf.digests), warnings: [])
  }

  /// Where some pools or devices have a price, others without one look free of charge.
  private func warnOfFreePools(_ pools: [ResolvedPool], _ fields: Fields) {
    guard pools.contains(where: { $0.price.value > 0 }) else { return }
    for pool in pools where !pool.unpriced.isEmpty {
      let place = fields.element("cluster")?["pools"]?[pool.name]?.place
      let (names, isPriced) = (wordList(pool.unpriced, or: "and"), pool.price.value > 0)
      diagnostics.warning(
        at: place, "the cost leaves out \(isPriced ? "\(names) of " : "")pool '\(pool.name)'",
        why: "nobody is known to let \(names), and \(isPriced ? "its other devices" : "other pools") have a price",
        fix: "add 'price: $2/h', what one replica costs, or 'price: $0/h'")
    }
  }

  private func cluster(_ root: Fields) -> Fields {
    if root.element("cluster") == nil {
      root.missing("cluster", example: "{pools: {all: {device: h100-sxm, tensor-parallel: 4}}}")
    }
    return root.fields("cluster")
  }

  /// What is laid under every pool, without keys that no pool has, which are told once.
  private func defaults(_ cluster: Fields) -> Element? {
    guard let element = cluster.element("defaults"), element.entries != nil else { return cluster.element("defaults") }
    let known = KeyTable.section(at: "cluster.defaults", in: .scenario)?.map(\.name) ?? []
    let fields = Fields(element, path: "cluster.defaults", reading: Reading(diagnostics: diagnostics))
    for key in known { _ = fields.element(key) }
    fields.finish()
    return element.only(known)
  }

  private func route(_ policy: Fields, _ context: PolicyContext) -> RouteChoice? {
    let routes = scenario.policies.routes
    guard
      let (name, settings) = policy.named(
        "route", "policy", "routing policies", among: routes.keys.sorted(), default: "least-loaded",
        because: "the usual load balancer"),
      let listing = routes[name]
    else { return nil }
    let policy = listing.read(settings, context)
    settings.finish()
    return policy.map { RouteChoice(name: name, policy: $0) }
  }
}
