/// Names and patterns of modules, as quantisers list them.
struct ModuleNames {
  /// Most bytes of the patterns of a list; names without one are looked up.
  static let mostBytes = 32_768

  private var names: Set<String> = []
  private var globs: [[UInt8]] = []
  private var expressions: [NamePattern] = []
  /// Whether they are all modules that are linear.
  private(set) var isAll = false

  /// The modules that `list` names; `unknown` is the text that is not understood, or one too many, else nil.
  init(_ list: [String], unknown: inout String?) {
    var bytes = 0
    for text in list {
      if text.hasPrefix("re:") || text.contains("*") { bytes += text.utf8.count }
      guard bytes <= Self.mostBytes else {
        unknown = text
        return
      }
      if text == "Linear" {
        isAll = true
      } else if text.hasPrefix("re:") {
        guard let pattern = NamePattern(expression: String(text.dropFirst(3))) else {
          unknown = text
          return
        }
        expressions.append(pattern)
      } else if text.contains("*") {
        globs.append(Array(text.utf8))
      } else {
        names.insert(text)
      }
    }
  }

  /// Whether the module `part` of a layer is among them: by its name, by that of a module it is within, or by the last
  /// parts of those.
  func contain(_ part: String, layer: Int) -> Bool {
    if isAll { return true }
    return ["model.layers", "language_model.model.layers", "model.language_model.layers"].contains { base in
      let name = "\(base).\(layer).\(part)"
      if expressions.contains(where: { $0.matches(name) }) { return true }
      guard !names.isEmpty || !globs.isEmpty else { return false }
      let bytes = Array(name.utf8)
      if globs.contains(where: { Glob.matches($0, bytes) }) { return true }
      let parts = name.split(separator: ".")
      return parts.indices.contains { first in
        (first..<parts.count).contains { last in names.contains(parts[first...last].joined(separator: ".")) }
      }
    }
  }
}

extension WeightClass {
  /// Modules of a layer that hold weights of the class, each by the names that families have for it; empty where the layer
  /// has none, and for classes that are not of layers.
  func modules(_ layer: Layer) -> [[String]] {
    let block = ["gate_proj", "up_proj", "down_proj"]
    func named(_ parents: [String]) -> [[String]] { block.map { part in parents.map { "\($0).\(part)" } } }
    switch self {
    case .attention:
      switch layer.mixer {
      case .attention: return ["q_proj", "k_proj", "v_proj", "o_proj"].map { ["self_attn.\($0)"] }
      case .latent: return ["q_b_proj", "kv_a_proj_with_mqa", "kv_b_proj", "o_proj"].map { ["self_attn.\($0)"] }
      case .stateSpace: return ["in_proj", "out_proj"].map { ["mixer.\($0)", "mamba.\($0)"] }
      case nil: return []
      }
    case .feedForward:
      return layer.feedForward.map { $0.experts == nil ? named(["mlp", "feed_forward"]) : [] } ?? []
    case .experts:
      guard layer.feedForward?.experts != nil else { return [] }
      return zip(named(["mlp.experts.0", "feed_forward.experts.0", "block_sparse_moe.experts.0"]), ["w1", "w3", "w2"])
        .map { $0 + ["block_sparse_moe.experts.0.\($1)"] }
    case .sharedExperts:
      guard let experts = layer.feedForward?.experts, experts.sharedWidth > 0 else { return [] }
      return named(["mlp.shared_experts", "mlp.shared_expert", "feed_forward.shared_expert"])
    case .embedding, .head, .norms: return []
    }
  }
}
