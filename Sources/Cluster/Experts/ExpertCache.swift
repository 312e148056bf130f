import Models

/// The experts that a fast memory holds of a model's mixture layers, and which of them left for which.
///
/// A step goes through the layers: it asks for the experts of a layer, computes with them, and lets them go. An expert
/// that is not there is fetched into a slot, for which another may have to leave; where all slots are in use, or where
/// `streams` and the policy would rather keep what is there, it is used without staying. An expert that is fetched
/// before its layer is reached keeps its slot until the layer has been computed.
public struct ExpertCache: Sendable {
  /// Slots of one expert each.
  public enum Slots: Hashable, Sendable {
    /// Each layer has its own, one number for each.
    case perLayer([Int])
    /// All layers share these.
    case shared(Int)
  }

  private enum State: UInt8 {
    case absent, idle, inUse, pinned
  }

  /// The model's mixture layers.
  public let shape: ExpertShape
  /// Whether a missed expert may be used without staying, because it is computed elsewhere or from a buffer.
  public let streams: Bool
  /// What has happened so far.
  public private(set) var totals = ExpertTotals()
  /// Whether all layers share their slots.
  public let isShared: Bool
  /// One for each layer, or one for all.
  private var policies: [any EvictPolicy]
  private var free: [Int]
  /// Those that are not pinned, of each policy.
  private var slots: [Int]
  /// By layer and expert.
  private var states: [State]
  private var isUntouched: [Bool]
  /// What each layer has in use.
  private var inUse: [[Int32]]

  /// An empty cache whose slots give way by `policy`. Slots below 0 count as none, layers without a number have none.
  public init(_ shape: ExpertShape, slots: Slots, streams: Bool = false, policy: any EvictPolicy) {
    self.shape = shape
    self.streams = streams
    switch slots {
    case .perLayer(let counts):
      isShared = false
      free = (0..<shape.layers).map { counts.indices.contains($0) ? max(0, counts[$0]) : 0 }
    case .shared(let count):
      isShared = true
      free = [max(0, count)]
    }
    self.slots = free
    policies = Array(repeating: policy, count: free.count)
    states = Array(repeating: .absent, count: shape.layers * shape.experts)
    isUntouched = Array(repeating: false, count: states.count)
    inUse = Array(repeating: [], count: shape.layers)
  }

  /// Whether an expert is there, or on its way.
  public func holds(_ layer: Int, _ expert: Int32) -> Bool { states[place(layer, expert)] != .absent }

  /// How many more experts of a layer would find a slot without another's leaving.
  public func freeSlots(_ layer: Int) -> Int { free[isShared ? 0 : layer] }

  /// Tells the policies what comes, where the experiment knows: the layers that will be reached, in order, and the experts
  /// that each will be asked for. What was told before is forgotten.
  public mutating func foresee(_ reached: some Sequence<(layer: Int, experts: ArraySlice<Int32>)>) {
    var futures = Array(repeating: AccessSequence(), count: policies.count)
    for (layer, experts) in reached {
      futures[isShared ? 0 : layer].append(experts.map { key(layer, $0) })
    }
    for (index, future) in futures.enumerated() { policies[index].foresee(future, slots: slots[index]) }
  }

  /// Puts an expert into a free slot for good. False where none is free.
  public mutating func pin(_ layer: Int, _ expert: Int32) -> Bool {
    let place = place(layer, expert)
    guard states[place] == .absent, freeSlots(layer) > 0 else { return states[place] == .pinned }
    free[isShared ? 0 : layer] -= 1
    slots[isShared ? 0 : layer] -= 1
    states[place] = .pinned
    return true
  }

  /// Puts an expert into a free slot, before anything is counted. False where none is free, or it is there.
  public mutating func warm(_ layer: Int, _ expert: Int32) -> Bool {
    guard states[place(layer, expert)] == .absent, freeSlots(layer) > 0 else { return false }
    free[isShared ? 0 : layer] -= 1
    insert(layer, expert)
    policies[isShared ? 0 : layer].release(key(layer, expert))
    states[place(layer, expert)] = .idle
    return true
  }

  /// Fetches an expert before its layer is reached, or keeps it until then where it is there.
  /// - Returns: whether it has to be fetched; false too where every slot is in use.
  /// - Throws: ``EvictionFault`` where the policy names an expert that may not leave.
  public mutating func prefetch(_ layer: Int, _ expert: Int32) throws(EvictionFault) -> Bool {
    let place = place(layer, expert)
    switch states[place] {
    case .inUse, .pinned: return false
    case .idle:
      retain(layer, expert)
      return false
    case .absent:
      policies[isShared ? 0 : layer].miss(key(layer, expert))
      guard try takeSlot(layer) else { return false }
      insert(layer, expert)
      inUse[layer].append(expert)
      isUntouched[place] = true
      totals.prefetches += 1
      return true
    }
  }

  /// Asks for the experts of a layer: hits and misses are counted, and all that find a slot are in use from now on.
  ///
  /// - Parameters:
  ///   - layer: the layer that the step has reached.
  ///   - experts: in rising order, each once.
  ///   - scores: the router's, of all experts of the layer.
  ///   - missing: the experts that have to be fetched, in rising order, are put in place of what it holds.
  /// - Throws: ``EvictionFault`` where the policy names an expert that may not leave.
  public mutating func access(
    _ layer: Int, _ experts: some Collection<Int32>, scores: ArraySlice<Float>, missing: inout [Int32]
  ) throws(EvictionFault) {
    ask(layer, experts, scores: scores, missing: &missing)
    for expert in missing where try !bring(layer, expert) { totals.streamed += 1 }
  }

  /// Asks for the experts of a layer as ``access(_:_:scores:missing:)`` does, but brings none in: what is missing may be
  /// computed elsewhere, and whoever wants it calls ``bring(_:_:)``.
  public mutating func ask(
    _ layer: Int, _ experts: some Collection<Int32>, scores: ArraySlice<Float>, missing: inout [Int32]
  ) {
    missing.removeAll(keepingCapacity: true)
    let index = isShared ? 0 : layer
    policies[index].reach(
      ReachedLayer(
        layer: layer, layers: shape.layers, firstKey: key(layer, 0), isShared: isShared, perToken: shape.perToken,
        scores: scores))
    for expert in experts {
      let place = place(layer, expert)
      switch states[place] {
      case .absent: missing.append(expert)
      case .idle: retain(layer, expert)
      case .inUse, .pinned: break
      }
      guard states[place] != .absent else { continue }
      totals.hits += 1
      if isUntouched[place] { totals.usefulPrefetches += 1 }
      isUntouched[place] = false
      if states[place] == .inUse { policies[index].touch(key(layer, expert)) }
    }
    totals.misses += missing.count
  }

  /// Of the experts that a layer missed `used` stood beside the slots, of `fetched` that had come there before it was
  /// reached: those are hits.
  public mutating func foundBeside(used: Int, fetched: Int) {
    totals.misses -= used
    totals.hits += used
    totals.prefetches += fetched
    totals.usefulPrefetches += used
    totals.wastedPrefetches += fetched - used
  }

  /// Puts an expert that was missed into a slot, from another where none is free.
  /// - Returns: whether it is there now; false where all slots are in use, or the policy would rather keep what is there.
  /// - Throws: ``EvictionFault`` where the policy names an expert that may not leave.
  public mutating func bring(_ layer: Int, _ expert: Int32) throws(EvictionFault) -> Bool {
    let index = isShared ? 0 : layer
    policies[index].miss(key(layer, expert))
    if streams, free[index] == 0, !policies[index].admits(key(layer, expert)) { return false }
    guard try takeSlot(layer) else { return false }
    insert(layer, expert)
    inUse[layer].append(expert)
    return true
  }

  /// A layer has been computed: its experts may leave.
  public mutating func finish(_ layer: Int) {
    // In rising order, so that what is last used does not depend on what was missing.
    inUse[layer].sort()
    for expert in inUse[layer] {
      states[place(layer, expert)] = .idle
      policies[isShared ? 0 : layer].release(key(layer, expert))
    }
    inUse[layer].removeAll(keepingCapacity: true)
  }

  private func place(_ layer: Int, _ expert: Int32) -> Int { layer * shape.experts + Int(expert) }

  private func key(_ layer: Int, _ expert: Int32) -> Int32 {
    isShared ? Int32(layer * shape.experts) + expert : expert
  }

  private mutating func insert(_ layer: Int, _ expert: Int32) {
    states[place(layer, expert)] = .inUse
    policies[isShared ? 0 : layer].insert(key(layer, expert), of: key(layer, expert))
  }

  private mutating func retain(_ layer: Int, _ expert: Int32) {
    states[place(layer, expert)] = .inUse
    inUse[layer].append(expert)
    policies[isShared ? 0 : layer].retain(key(layer, expert))
  }

  /// Takes a slot for an expert of a layer, from another where none is free; false where all are in use.
  private mutating func takeSlot(_ layer: Int) throws(EvictionFault) -> Bool {
    let index = isShared ? 0 : layer
    guard free[index] == 0 else {
      free[index] -= 1
      return true
    }
    guard let victim = policies[index].evict() else { return false }
    let place = isShared ? Int(victim) : layer * shape.experts + Int(victim)
    let most = isShared ? states.count : shape.experts
    guard victim >= 0, victim < most, states[place] == .idle else {
      throw EvictionFault(policy: type(of: policies[index]).name, key: victim, layer: layer)
    }
    states[place] = .absent
    if isUntouched[place] { totals.wastedPrefetches += 1 }
    isUntouched[place] = false
    totals.evictions += 1
    return true
  }
}
