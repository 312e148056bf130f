import Cluster
import Hardware
import Models
import Report
import Scenario
import Units

/// A resolved scenario as text.
enum ExplainText {
  /// Every value in force with its origin.
  static func settings(_ settings: [Setting], style: Style) -> String {
    var table = Table(["setting", "value", "from"], leading: [0, 1, 2])
    for setting in settings { table.add([setting.path, setting.value, setting.origin.citation]) }
    return table.text(style: style)
  }

  /// Where the bytes of a pool's fullest device go.
  static func memory(_ pool: ResolvedPool, style: Style) -> String {
    let budget = pool.engine.memory
    let capacity = pool.device.memory.first?.capacity.value.value ?? 0
    let placed = pool.engine.placement
    let cache = placed.cache == nil ? budget.cacheBytesPerToken * Double(budget.cacheTokens) : 0
    func share(_ bytes: Double) -> String { capacity > 0 ? NumberText.percent(bytes / capacity) : "-" }
    var table = Table(["memory of one \(pool.deviceName) in pool '\(pool.name)'", "bytes", "share"])
    let staged = placed.weights == nil ? "" : "in use or on their way: "
    let weights = budget.weightsByClass.map { ("\(staged)weights of \($0.name.rawValue), \($0.format)", $0.bytes) }
    let states = budget.state > 0 ? [("states of sequences", budget.state)] : []
    let rows = weights + [("activations, logits", budget.activations), ("runtime", budget.reserved)] + states
    for (name, bytes) in rows + [
      ("KV cache", cache), ("left of what it may use", budget.available - budget.taken - cache),
      ("not to be used", capacity - budget.available), ("in all", capacity),
    ] {
      table.add([name, NumberText.bytes(bytes), share(bytes)])
    }
    let streams = [("weights", placed.weights), ("KV cache", placed.cache)].compactMap { what, stream in
      stream.map {
        "\(what) on \($0.name): each device reads \(NumberText.bandwidth($0.readRate)), "
          + "writes \(NumberText.bandwidth($0.writeRate))\n"
      }
    }
    return table.text(style: style) + streams.joined() + blocks(budget)
  }

  /// What the memories of a placed pool's replica hold.
  static func memory(_ pool: ResolvedPool, of placed: PlacedEngine, style: Style) -> String {
    var table = Table(["memory of a replica of pool '\(pool.name)'", "holds", "of", "share"])
    for held in placed.holdings {
      table.add([
        held.memory, NumberText.bytes(held.bytes), NumberText.bytes(held.capacity),
        held.capacity > 0 ? NumberText.percent(held.bytes / held.capacity) : "-",
      ])
    }
    return table.text(style: style) + blocks(pool.engine.memory)
  }

  /// Where the steps of a placed pool are explained.
  static func steps(_ pool: ResolvedPool, of placed: PlacedEngine) -> String {
    "'\(type(of: placed.policy).name)' places the steps of pool '\(pool.name)': medley timeline shows them task by task\n"
  }

  private static func blocks(_ budget: MemoryBudget) -> String {
    guard budget.cacheBytesPerToken > 0 else { return "no token is kept: limits.max-sequences alone bounds a batch\n" }
    return "\(NumberText.count(budget.blocks)) KV blocks of \(budget.blockTokens) tokens hold "
      + "\(NumberText.count(budget.cacheTokens)) tokens\n"
  }

  /// One step of a pool's engine, stage by stage, against the roofs of its device.
  static func step(_ pool: ResolvedPool, _ what: String, _ shape: StepShape, style: Style) -> String {
    let cost = pool.engine.cost
    return (0..<cost.stageCount).map { stage in
      let rows = cost.operators(of: shape, stage: stage).map { OperatorRow($0) }
      let place = cost.stageCount > 1 ? ", stage \(stage + 1) of \(cost.stageCount)" : ""
      let ridge = pool.peak.map { $0.operations / $0.bytes }
      return OperatorTable(
        title: "\(what) in pool '\(pool.name)' on \(pool.devices) x \(pool.deviceName)\(place)", ridgePoint: ridge,
        rows: rows
      ).text(style: style)
    }.joined(separator: "\n") + FormText.padding(pool.device, tokens: shape.tokens)
  }
}
