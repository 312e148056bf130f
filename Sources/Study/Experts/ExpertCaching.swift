import Cluster
import Models

/// How often an expert cache has what decoding asks for, by share of the experts that it holds and by eviction policy.
public struct ExpertCaching: Sendable {
  /// What decodes.
  public struct Load: Hashable, Sendable {
    /// Requests, from 1.
    public var requests: Int
    /// Tokens of each prompt, which passes the cache in one step before decoding; 0 for none.
    public var prompt: Int
    /// Tokens that each request decodes.
    public var tokens: Int
    /// Requests that decode together.
    public var batch: Int

    /// A load.
    public init(requests: Int, prompt: Int, tokens: Int, batch: Int) {
      self.requests = requests
      self.prompt = prompt
      self.tokens = tokens
      self.batch = batch
    }
  }

  /// One cache under one policy.
  public struct Point: Sendable {
    /// The share of the experts that the cache has slots for.
    public var share: Double
    /// Slots, of all layers together.
    public var slots: Int
    /// The policy's name.
    public var policy: String
    /// What happened.
    public var totals: ExpertTotals
  }

  /// The steps, in order: routing that is drawn beforehand, so that policies may know the future.
  public let steps: [StepRouting]
  private let shape: ExpertShape

  /// Draws the steps of a load. Complexity: O(steps layers experts) of time and memory.
  public init(_ routing: ExpertRouter, _ load: Load) {
    var routing = routing
    shape = routing.shape
    var steps: [StepRouting] = []
    for first in stride(from: 0, to: load.requests, by: max(1, load.batch)) {
      let together = first..<min(load.requests, first + max(1, load.batch))
      func add(_ positions: Range<Int>) {
        var step = StepRouting(routing.shape)
        routing.route(
          together.flatMap { request in
            positions.map { RoutedToken(request: request, position: $0, prompt: load.prompt) }
          }, into: &step)
        steps.append(step)
      }
      if load.prompt > 0 { add(0..<load.prompt) }
      for position in load.prompt..<load.prompt + load.tokens { add(position..<position + 1) }
      for request in together { routing.forget(request) }
    }
    self.steps = steps
  }

  /// Numbers that ``init(_:_:)`` would hold.
  public static func size(_ shape: ExpertShape, _ load: Load) -> Double {
    let tokens = Double(load.requests) * Double(load.prompt + load.tokens)
    let steps =
      (Double(load.requests) / Double(max(1, load.batch))).rounded(.up)
      * Double(load.tokens + (load.prompt > 0 ? 1 : 0))
    return Double(shape.layers) * (steps * 2 * Double(shape.experts) + tokens * 2 * Double(shape.perToken))
  }

  /// Each share under each policy, shares first. A cache is full from the start, with the experts of the lowest numbers.
  ///
  /// - Parameters:
  ///   - shares: of the experts of every layer, above 0 and at most 1; at least one slot a layer.
  ///   - policies: by name, before their first decision.
  ///   - isShared: whether the layers share all slots.
  ///   - streams: whether a missed expert may be used without staying.
  ///   - workers: caches at once.
  /// - Throws: ``EvictionFault``.
  public func points(
    shares: [Double], policies: [(name: String, policy: any EvictPolicy)], isShared: Bool, streams: Bool, workers: Int
  ) throws -> [Point] {
    let items = shares.flatMap { share in policies.map { (share, $0.name, $0.policy) } }
    return try Parallel.map(items, workers: workers) { share, name, policy in
      let each = slots(of: share)
      let slots = each * shape.layers
      var cache = ExpertCache(
        shape, slots: isShared ? .shared(slots) : .perLayer(Array(repeating: each, count: shape.layers)),
        streams: streams, policy: policy)
      cache.foresee(
        steps.lazy.flatMap { step in (0..<shape.layers).lazy.map { (layer: $0, experts: step.experts($0)) } })
      for layer in 0..<shape.layers {
        for expert in 0..<Int32(each) { _ = cache.warm(layer, expert) }
      }
      var missing: [Int32] = []
      for step in steps {
        for layer in 0..<shape.layers {
          try cache.access(layer, step.experts(layer), scores: step.scores(layer), missing: &missing)
          cache.finish(layer)
        }
      }
      return Point(share: share, slots: slots, policy: name, totals: cache.totals)
    }
  }

  /// The most hits that any policy could have at each share, in caches that are full from the start as those of
  /// ``points(shares:policies:isShared:streams:workers:)``: see `AccessSequence.mostHits(slots:held:)`.
  public func mostHits(shares: [Double], isShared: Bool) -> [Int] {
    func key(_ layer: Int, _ expert: Int32) -> Int32 { isShared ? Int32(layer * shape.experts) + expert : expert }
    var sequences = Array(repeating: AccessSequence(), count: isShared ? 1 : shape.layers)
    for step in steps {
      for layer in 0..<shape.layers {
        sequences[isShared ? 0 : layer].append(step.experts(layer).map { key(layer, $0) })
      }
    }
    return shares.map { share in
      let each = slots(of: share)
      let held = (0..<shape.layers).map { layer in (0..<Int32(each)).map { key(layer, $0) } }
      guard !isShared else { return sequences[0].mostHits(slots: each * shape.layers, held: held.joined()) }
      return zip(sequences, held).reduce(0) { $0 + $1.0.mostHits(slots: each, held: $1.1) }
    }
  }

  /// Slots of a layer at a share: one at least.
  private func slots(of share: Double) -> Int {
    min(shape.experts, max(1, Int((share * Double(shape.experts)).rounded())))
  }
}
