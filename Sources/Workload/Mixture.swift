import Kernel
import Units

extension Trace {
  /// The trace with every request of one tenant.
  public func owned(by tenant: UInt8) -> Trace {
    var trace = self
    trace.tenants = [UInt8](repeating: tenant, count: requests.count)
    trace.tenantNames = []
    return trace
  }

  /// The trace with its requests given to `tenants`, each as likely as its share, which are not negative and not all 0;
  /// requests that follow another belong to the same.
  ///
  /// Complexity: O(requests).
  public func shared(among tenants: [(tenant: UInt8, share: Double)], seed: UInt64) -> Trace {
    guard let choice = Discrete(weights: tenants.map(\.share)) else { return self }
    let family = RandomFamily(seed: seed, consumer: .session).family(0)
    var trace = self
    trace.tenantNames = []
    trace.tenants = (0..<independentCount).map { index in
      var stream = family.stream(UInt64(index))
      return tenants[choice.draw(from: &stream)].tenant
    }
    for predecessor in followers?.predecessors ?? [] { trace.tenants.append(trace.tenants[Int(predecessor)]) }
    return trace
  }

  /// The requests of all `parts`, of two at one moment that of the earlier part first; each part names its tenants.
  ///
  /// Contents of different parts have nothing in common. Complexity: O(n log n) for n requests, and O(blocks).
  /// - Throws: ``Fault/differentBlocks`` or ``Fault/tooMuch``.
  public init(mixing parts: [Trace]) throws(Fault) {
    let units = Set(parts.compactMap { $0.blocks?.unit })
    guard units.count <= 1 else { throw .differentBlocks }
    guard parts.reduce(0, { $0 + $1.requests.count }) <= TraceReader.rowLimit,
      parts.reduce(0, { $0 + ($1.blocks?.ids.count ?? 0) }) <= TraceBuilder.idLimit
    else { throw .tooMuch }
    var order = parts.enumerated().flatMap { part, trace in
      (0..<trace.independentCount).map { (part: part, index: $0) }
    }
    // Within a part the order of arrival is the order of its requests.
    order.sort { a, b in
      (parts[a.part].requests[a.index].arrival, a.part, a.index) < (
        parts[b.part].requests[b.index].arrival, b.part, b.index
      )
    }
    let independent = order.count
    for (part, trace) in parts.enumerated() {
      order += (trace.independentCount..<trace.requests.count).map { (part, $0) }
    }
    var places = parts.map { [Int32](repeating: 0, count: $0.requests.count) }
    for (place, member) in order.enumerated() { places[member.part][member.index] = Int32(place) }
    self.init(requests: order.map { parts[$0.part].requests[$0.index] })
    tenants = order.map { parts[$0.part].tenants[$0.index] }
    if order.count > independent {
      var all = Followers(independent: independent)
      for (part, trace) in parts.enumerated() {
        for predecessor in trace.followers?.predecessors ?? [] {
          all.predecessors.append(places[part][Int(predecessor)])
        }
        all.delays += trace.followers?.delays ?? []
      }
      followers = all
    }
    if let unit = units.first {
      var renamings = parts.map { _ in BlockRenaming() }
      var next: Int32 = 0
      var mixed = PromptBlocks(unit: unit)
      for member in order {
        guard let blocks = parts[member.part].blocks else {
          mixed.append([] as [Int32])
          continue
        }
        mixed.append(renamings[member.part].names(of: blocks[member.index], next: &next))
      }
      self.blocks = mixed
    }
    for trace in parts { tally.add(trace.tally) }
  }
}
