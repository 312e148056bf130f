import Hardware

/// Exchanges between devices.
extension Operators {
  private func collective(_ name: String, _ count: Int, _ driver: CostTerm.Driver, _ devices: Int, _ link: Link)
    -> CostTerm
  {
    var term = CostTerm(name: name, count: count, driver: driver)
    term.launch = device.collective.latency.value.value * Double(EngineLayout.doublings(to: devices))
    term.byteRate = link.bandwidth.value.value * device.efficiency.link.value
    term.byteRoof = .link
    term.tokensPerDecode = model.decoding.block
    return term
  }

  /// An all-reduce of every token's hidden state: latency per doubling of the devices, and 2 (n - 1) / n of the
  /// message over each device's link, as a ring moves it.
  ///
  /// Source: Thakur, Rabenseifner, Gropp, "Optimization of Collective Communication Operations in MPICH", 2005.
  func allReduce(_ name: String, _ count: Int, _ role: Layer.Role) -> [CostTerm] {
    guard let peers, count > 0 else { return [] }
    let message = hidden * activation
    var term = collective(name, count, role.driver, layout.tensorParallel, peers)
    term.bytes = perToken(role, 2 * (tensor - 1) / tensor * message)
    term.kernel = kernels?.allReduce(activations: formats.activations).flatMap {
      use($0, .exchange(.allReduce, devices: tensor, bytesPerToken: message))
    }
    if let large = device.collective.large {
      let tokens = min((large.from.value.value / message * groups).rounded(.up), 1e15)
      term.large = LargeCalls(
        fromTokens: Int(tokens), byteRate: peers.bandwidth.value.value * large.efficiency.value)
    }
    return [term]
  }

  /// Tokens on the way to their experts, or back: each of the n devices of a stage sends its share of the tokens to
  /// the experts they are routed to, (E - 1) / E of which lie elsewhere: tokens / n x perToken x shards x hidden state
  /// x (E - 1) / E, by skew for the part that receives the most. Latency per doubling of the parts.
  ///
  /// None where every device has every token, as without data-parallel attention: the all-reduce sums the experts then.
  func allToAll(_ name: String, _ layers: Int, _ experts: Experts, _ role: Layer.Role) -> [CostTerm] {
    guard let expertLink else { return [] }
    let parts = Double(layout.expertParallel)
    let copies = Double(experts.perToken * layout.expertShards)
    var term = collective(name, layers, role.driver, layout.expertParallel, expertLink)
    term.bytes = perToken(
      role, copies * hidden * activation * (parts - 1) / parts / tensor * layout.expertSkew)
    return [term]
  }

  /// The sums of experts' outputs, which each device of a group has for its share of the tokens, to the whole group.
  func gatherTokens(_ layers: Int, _ role: Layer.Role) -> [CostTerm] {
    guard let peers, expertLink != nil else { return [] }
    var term = collective("all-gather.experts", layers, role.driver, layout.tensorParallel, peers)
    term.bytes = perToken(role, (tensor - 1) / tensor * hidden * activation)
    return [term]
  }

  /// The logits of the other devices' shares of the vocabulary.
  var gatherLogits: [CostTerm] {
    guard let peers, model.output.head else { return [] }
    var term = collective("all-gather.logits", 1, .sample, layout.tensorParallel, peers)
    term.bytes = perRow((tensor - 1) * vocabulary * activation)
    return [term]
  }

  /// Hidden states to the next stage.
  func send(over link: Link) -> CostTerm {
    var term = CostTerm(name: "pipeline.send", count: 1, driver: .step)
    term.launch = link.latency.value.value
    term.bytes = perToken(.decoder, hidden * activation)
    term.byteRate = link.bandwidth.value.value * device.efficiency.link.value
    term.byteRoof = .link
    return term
  }
}
