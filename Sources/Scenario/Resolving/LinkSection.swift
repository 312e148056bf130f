import Cluster
import Hardware
import Units

/// Reads the links between pools: `{between: [prefill, decode], link: infiniband-hdr200, ports: 8}`.
struct LinkSection {
  let reading: Reading
  let shelf: Shelf
  let pools: [String]
  /// Layers of the model.
  let layers: Int

  /// The paths that the links of a cluster make.
  ///
  /// A link joins every two replicas of the pools it names, within a pool as well, in both directions.
  func transfers(_ cluster: Fields) -> [PoolPair: TransferDescription] {
    var transfers: [PoolPair: TransferDescription] = [:]
    for (element, path) in cluster.elements("links") {
      let fields = Fields(element, path: path, reading: reading)
      guard let (members, transfer) = link(fields) else { continue }
      for from in members {
        for to in members {
          let pair = PoolPair(from: from, to: to)
          if from != to, transfers[pair] != nil, from < to {
            reading.diagnostics.error(
              at: fields.place, "two links join the pools '\(pools[from])' and '\(pools[to])'",
              why: "KV takes one path", fix: "remove one of them, or give one the bandwidth of both")
          }
          if transfers[pair] == nil || from != to { transfers[pair] = transfer }
        }
      }
    }
    return transfers
  }

  /// The pairs of pools that the links name, whatever else is wrong with them.
  static func paths(_ cluster: Fields, pools: [String]) -> Set<PoolPair> {
    var pairs: Set<PoolPair> = []
    for (element, _) in cluster.elements("links") {
      guard let between = element["between"], case .sequence(let names) = between.content else { continue }
      let members = names.compactMap { name in name.text.flatMap { pools.firstIndex(of: $0) } }
      for from in members { for to in members { pairs.insert(PoolPair(from: from, to: to)) } }
    }
    return pairs
  }

  private func link(_ fields: Fields) -> ([Int], TransferDescription)? {
    let members = members(fields)
    let source = "Splitwise (ISCA 2024, section 4.3): overlapped with the prompt"
    let mode = fields.choice("mode", of: ["layerwise", "serialized"], default: "layerwise", because: source)
    let ports = fields.count("ports", in: 1...1024, default: 1, because: "one port")
    var named: Link?
    if let element = fields.element("link"), let name = fields.text("link") {
      named = shelf.link(name, at: element.place)
      if named == nil {
        _ = fields.element("bandwidth")
        _ = fields.element("latency")
        fields.finish()
        return nil
      }
    }
    let because = named.map { "link \($0.name)" } ?? ""
    let range = Bandwidth(1)...Bandwidth(1e15)
    let bandwidth = fields.quantity(
      "bandwidth", Bandwidth.self, in: range, default: named?.bandwidth.value, because: because)
    let latency = fields.quantity(
      "latency", Seconds.self, in: Seconds(0)...Seconds(3600), default: named?.latency.value, because: because)
    if bandwidth == nil, !fields.has("bandwidth") {
      fields.missing("link", example: "infiniband-hdr200' or 'bandwidth: 25 GB/s, latency: 5 us")
    } else if latency == nil, !fields.has("latency") {
      fields.missing("latency", example: "5 us")
    }
    fields.finish()
    guard let members, let mode, let ports, let bandwidth, let latency else { return nil }
    let transfer = TransferDescription(
      bandwidth: bandwidth * Double(ports), latency: latency, mode: mode == "layerwise" ? .layerwise : .serialized,
      layers: layers)
    return (members, transfer)
  }

  private func members(_ fields: Fields) -> [Int]? {
    guard let between = fields.required("between", example: "[\(pools.prefix(2).joined(separator: ", "))]") else {
      return nil
    }
    guard case .sequence(let names) = between.content, !names.isEmpty else {
      let kind = between.content == .sequence([]) ? "empty" : "\(between.kind), not a list of pools"
      reading.diagnostics.error(
        at: between.place, "'between' is \(kind)", why: "a link joins pools",
        fix: "write 'between: [\(pools.isEmpty ? "prefill, decode" : pools.prefix(2).joined(separator: ", "))]'")
      return nil
    }
    var members: [Int] = []
    for name in names {
      guard let text = name.text, let index = pools.firstIndex(of: text) else {
        let spelled = name.text ?? name.kind
        reading.diagnostics.error(
          at: name.place, "no pool is named '\(spelled)'", why: "the pools are \(wordList(pools, or: "and"))",
          fix: didYouMean(spelled, among: pools, else: "name one of them"))
        continue
      }
      members.append(index)
    }
    reading.note(
      fields.path("between"), members.map { pools[$0] }.sorted().joined(separator: ", "), .given(between.place))
    return members.count == names.count ? members : nil
  }
}
