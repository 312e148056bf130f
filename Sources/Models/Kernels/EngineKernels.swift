import Hardware

/// The kernels of a framework on a device, by what a model's operators ask for.
public struct EngineKernels: Hashable, Sendable {
  /// The kernels of the device.
  public var table: KernelTable
  /// The frameworks, the first that has a kernel of what is asked for before the others: "vllm".
  public var frameworks: [String]
  /// Whether the scales of activations are known before, so that the operator before a product writes them quantised.
  public var hasStaticScales: Bool

  /// The kernels of `frameworks` in `table`.
  public init(_ table: KernelTable, frameworks: [String], hasStaticScales: Bool = false) {
    self.table = table
    self.frameworks = frameworks
    self.hasStaticScales = hasStaticScales
  }

  /// Operators of bytes and little arithmetic by the words that measurements have for them.
  enum Rows {
    static let norm = ["layernorm", "post_layernorm", "post_attention_layernorm", "input_layernorm"]
    static let activation = ["act_fn", "mlp_act"]
    static let positions = ["rotary_emb", "attn_rope", "rope"]
    static let lookup = ["embedding", "emb"]
    static let lastNorm = ["final_layernorm"] + norm
    static let sample = ["sampler"]
  }

  /// Measurements of one 16-bit format stand for those of the other, whose arithmetic and bytes are the same.
  private static func spellings(_ format: Format) -> [String] {
    switch format {
    case .fp16: ["fp16", "bf16"]
    case .bf16: ["bf16", "fp16"]
    case .fp8: ["fp8", "fp8-block"]
    default: [format.rawValue]
    }
  }

  private func find(_ operators: [String], _ formats: [String]) -> FittedKernel? {
    for framework in frameworks {
      for operatorName in operators {
        for format in formats {
          if let found = table.kernel(operatorName, framework: framework, format: format) { return found }
        }
      }
    }
    return nil
  }

  /// The kernel that multiplies weights with what was quantised to `inputs`; nil where none was measured.
  ///
  /// Calls that were timed with the quantisation of their activations lose what it takes where scales are static: what
  /// they need to start is then that of a 16-bit product of the same framework.
  func product(weights: StorageFormat, inputs: Format) -> FittedKernel? {
    guard var found = find([GEMM.name], Self.products(weights, inputs)) else { return nil }
    guard hasStaticScales, found.format.quantises, let plain = find([GEMM.name], Self.spellings(.bf16)) else {
      return found
    }
    for name in ["floor", "row", "quantise"] { found.values[name] = nil }
    found.values["launch"] = [found, plain].compactMap { $0.values["launch"] }.min()
    return found
  }

  /// The kernel of a layer's experts; nil where none was measured.
  func experts(weights: StorageFormat, inputs: Format) -> FittedKernel? {
    find([MixtureOfExperts.name], Self.products(weights, inputs))
  }

  private static func products(_ weights: StorageFormat, _ inputs: Format) -> [String] {
    switch (weights.element, inputs) {
    case (.int4, .int8): ["int4"]
    case (.int4, .fp8): ["int4-fp8"]
    case (.int4, _): ["int4-weights"]
    case (.int8, _): inputs.bytes >= 2 ? ["int8-weights"] : ["int8"]
    case (.fp4, _): ["nvfp4", "mxfp4-fp8", "mxfp4-weights"]
    case (.fp8, _): weights.scheme == .plain ? ["fp8", "fp8-block"] : ["fp8-block", "fp8"]
    default: spellings(weights.element)
    }
  }

  /// The attention kernel of a class; nil where none was measured.
  func attention(_ operatorName: String, activations: StorageFormat, cache: StorageFormat) -> FittedKernel? {
    let (computed, cached) = (Self.spellings(activations.element), Self.spellings(cache.element))
    if activations.element.bytes == cache.element.bytes { return find([operatorName], computed) }
    return find([operatorName], computed.flatMap { computed in cached.map { "\(computed)/\($0)" } })
  }

  /// The kernel of an elementwise operator; nil where none was measured.
  func rows(_ operators: [String], activations: StorageFormat) -> FittedKernel? {
    find(operators, Self.spellings(activations.element))
  }

  /// The kernel of an all-reduce, the framework's own before the library's; nil where none was measured.
  ///
  /// Servers capture their steps in graphs, so that a kernel measured in one comes before one that the host launches,
  /// whose name ends in `eager`.
  func allReduce(activations: StorageFormat) -> FittedKernel? {
    let formats = Self.spellings(activations.element)
    let captured = table.kernels.first { kernel in
      kernel.operatorName == CustomAllReduce.name && frameworks.contains(kernel.framework)
        && formats.contains(kernel.format.name) && !kernel.kernel.hasSuffix("eager")
    }
    return captured ?? find([CustomAllReduce.name, Exchange.allReduce.rawValue], formats)
  }
}
