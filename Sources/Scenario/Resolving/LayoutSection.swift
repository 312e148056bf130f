import Models

/// Reads how a model lies over devices: `tensor-parallel`, `pipeline-parallel`, `expert-parallel`,
/// `data-parallel-attention` and `expert-skew`.
struct LayoutSection {
  let fields: Fields

  /// The degrees of parallelism, the usual one first.
  static let degrees = ["tensor-parallel", "pipeline-parallel", "expert-parallel", "data-parallel-attention"]

  /// The groups of data-parallel attention of a layout whose scenario names none: one for every `tensor-parallel` parts.
  static func groups(_ layout: EngineLayout) -> Int { max(1, layout.expertParallel / layout.tensorParallel) }

  /// The layout. Experts that are spread over more devices than share a layer are shared by as many groups of them.
  func layout() -> EngineLayout {
    let tensor = fields.count("tensor-parallel", in: 1...1024, default: 1, because: "one device") ?? 1
    let pipeline = fields.count("pipeline-parallel", in: 1...64, default: 1, because: "one stage") ?? 1
    var layout = EngineLayout(tensorParallel: tensor, pipelineParallel: pipeline)
    if fields.has("expert-parallel") || fields.has("data-parallel-attention") {
      let experts =
        fields.count(
          "expert-parallel", in: 1...1024, default: 1, because: "every device holds a shard of every expert") ?? 1
      layout.expertParallel = experts
      layout.attentionGroups =
        fields.count(
          "data-parallel-attention", in: 1...1024, default: Self.groups(layout),
          because: "as many groups of devices as the experts are spread over") ?? 1
      layout.expertSkew =
        fields.number("expert-skew", in: 1...1024, default: 1, because: "tokens choose experts evenly") ?? 1
    }
    return layout
  }
}
