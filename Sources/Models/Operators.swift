import Hardware

/// Builds the operators of one pipeline stage of a model on one of the devices that share it.
///
/// A matrix product of m tokens with a k x n weight shard has 2 m k n operations and k n weight elements plus
/// m (k + n) activation elements of bytes. Weights that the device does not compute with as they are stored are
/// converted once a call. Sequences are taken to lie evenly over the groups of data-parallel attention. Source: Kaplan
/// et al., "Scaling Laws for Neural Language Models", 2020, table 1; Pope et al., "Efficiently Scaling Transformer
/// Inference", 2022.
struct Operators {
  let model: Transformer
  let formats: ModelFormats
  let layout: EngineLayout
  let device: Device
  let rates: OperatorRates
  /// The link of the devices that share a layer; nil for one device.
  let peers: Link?
  /// The link between the parts that the experts are spread over; nil where tokens need not move.
  let expertLink: Link?
  /// The link from one stage to the next; nil for one stage.
  let next: Link?
  /// Measured kernels; nil where every operator is costed by its roofline.
  let kernels: EngineKernels?

  var tensor: Double { Double(layout.tensorParallel) }
  var groups: Double { Double(layout.attentionGroups) }
  var hidden: Double { Double(model.hidden) }
  var activation: Double { formats.activations.bytes }
  var cached: Double { formats.cache.bytes }
  /// Tokens of a decoding sequence in a step.
  var block: Double { Double(model.decoding.block) }

  /// The terms of stage `stage` with its `layers`.
  func terms(stage: Int, layers: ArraySlice<Layer>) -> [CostTerm] {
    var terms: [CostTerm] = []
    if stage == 0 { terms += [hostStep] + embedding }
    terms += listed
    for role in Layer.Role.allCases {
      let own = layers.filter { $0.role == role }
      if !own.isEmpty { terms += blocks(of: own, role) }
    }
    if stage == layout.pipelineParallel - 1 {
      terms += output
    } else if let next {
      terms.append(send(over: next))
    }
    return terms
  }

  /// The terms of layers of one role, equal mixers and equal feed-forward blocks counted together.
  func blocks(of layers: [Layer], _ role: Layer.Role) -> [CostTerm] {
    var terms = [norms(layers.reduce(0) { $0 + $1.norms }, role)]
    terms += mixers(layers.compactMap(\.mixer), role)
    terms += allReduce("all-reduce.attention", layers.count { $0.mixer != nil && !$0.parallel }, role)
    if role == .crossDecoder { terms += allReduce("all-reduce.cross", layers.count { $0.mixer != nil }, role) }
    for (block, count) in layers.compactMap(\.feedForward).counted() {
      terms += block.experts.map { experts(count, block, $0, role) } ?? feedForward(count, block, role)
    }
    terms += allReduce("all-reduce.block", layers.count { $0.parallel }, role)
    // Experts' outputs that are sent back are summed there; those of shared experts are not sent.
    let dispatched = expertLink == nil ? 0 : layers.count { $0.feedForward?.experts?.sharedWidth == 0 }
    terms += allReduce("all-reduce.ffn", layers.count { $0.feedForward != nil && !$0.parallel } - dispatched, role)
    if role == .encoder { for index in terms.indices { terms[index].name = "encoder." + terms[index].name } }
    return terms
  }

  private func mixers(_ mixers: [Mixer], _ role: Layer.Role) -> [CostTerm] {
    var terms: [CostTerm] = []
    // Layers that differ in their window alone have equal projections.
    let unwindowed = mixers.map { mixer -> Mixer in
      guard case .attention(var attention) = mixer else { return mixer }
      attention.window = nil
      return .attention(attention)
    }
    for (mixer, count) in unwindowed.counted() {
      switch mixer {
      case .attention(let attention):
        let windows = zip(mixers, unwindowed).filter { $0.1 == mixer }.map { pair -> Int? in
          if case .attention(let own) = pair.0 { own.window } else { nil }
        }
        terms += attend(count, attention, windowed: windows.count { $0 != nil }, role)
      case .latent(let latent): terms += attend(count, latent)
      case .stateSpace(let space): terms += mix(count, space)
      }
    }
    return terms
  }

  // MARK: Parts of terms

  /// A sum of `amount` for each token that layers of `role` compute, per device.
  func perToken(_ role: Layer.Role, _ amount: Double) -> FeatureSum {
    var sum = FeatureSum()
    let share = amount / groups
    switch role {
    case .decoder:
      sum.perToken = share
      sum.perDecode = share * (block - 1)
    case .encoder: sum.perPrefillToken = share
    case .crossDecoder: sum.perSampled = share
    }
    return sum
  }

  func term(_ name: String, _ count: Int, _ driver: CostTerm.Driver, _ ceiling: Ceiling) -> CostTerm {
    var term = CostTerm(name: name, count: count, driver: driver)
    term.launch = ceiling.launch
    term.operationRate = ceiling.operationRate
    term.byteRate = ceiling.byteRate
    term.tokensPerDecode = model.decoding.block
    return term
  }

  /// An operator of `bytes` for each token.
  func elementwise(_ name: String, _ count: Int, _ role: Layer.Role, bytes: Double) -> CostTerm {
    var term = term(name, count, role.driver, rates.elementwise)
    term.bytes = perToken(role, bytes)
    return term
  }

  /// A product of every token with a weight shard of `rows` x `columns`, of `matrices` side by side.
  func product(
    _ name: String, _ count: Int, _ weightClass: WeightClass, _ role: Layer.Role = .decoder, from rows: Double,
    to columns: Double, matrices: Int = 1
  ) -> CostTerm {
    var term = term(name, count, role.driver, rates.products(weightClass))
    term.operations = perToken(role, 2 * rows * columns)
    term.bytes = perToken(role, (rows + columns) * activation)
    readWeights(&term, weightClass, elements: rows * columns, matrices: matrices)
    term.product = CostTerm.Product(inner: rows, columns: columns)
    term.kernel = kernel(weightClass, from: rows, to: columns)
    return term
  }

  /// The measured kernel of a product; nil where there is none.
  func kernel(_ weightClass: WeightClass, from rows: Double, to columns: Double) -> KernelUse? {
    guard let kernels,
      let kernel = kernels.product(weights: formats[weightClass], inputs: rates.arithmetic(weightClass))
    else { return nil }
    return use(kernel, .product(columns: columns, inner: rows))
  }

  /// The measured kernel of an operator that reads and writes so many elements of a token; nil where there is none.
  func rowKernel(_ operators: [String], elements: Double) -> KernelUse? {
    kernels?.rows(operators, activations: formats.activations).flatMap { use($0, .rows(elements: elements)) }
  }

  /// A kernel on this device for its share of the tokens.
  func use(_ kernel: FittedKernel, _ shape: KernelUse.Shape) -> KernelUse? {
    kernels.map { KernelUse(kernel: kernel, chip: $0.table.chip(device), shape: shape, share: 1 / groups) }
  }

  /// Lets a call read `elements` weights of a class in `matrices`, and convert them where the device must.
  func readWeights(_ term: inout CostTerm, _ weightClass: WeightClass, elements: Double, matrices: Int = 1) {
    let format = formats[weightClass]
    term.bytes.constant += elements * format.bytes + Double(matrices) * format.codebookBytes
    term.conversions = elements * conversions(weightClass)
    term.conversionRate = rates.conversion
  }

  /// Vector operations that convert one weight of a class.
  func conversions(_ weightClass: WeightClass) -> Double {
    let format = formats[weightClass]
    guard format.needsConversion(to: rates.arithmetic(weightClass)) else { return 0 }
    return formats.conversionOperations ?? format.conversionOperations
  }

  // MARK: Elementwise

  /// `count` norms, each with the residual sum before it: two reads and two writes.
  func norms(_ count: Int, _ role: Layer.Role) -> CostTerm {
    var term = elementwise("norms", count, role, bytes: 4 * hidden * activation)
    term.kernel = rowKernel(EngineKernels.Rows.norm, elements: 4 * hidden)
    guard isEager(.norms) else { return term }
    let (norm, sum) = (EagerKernels.norm(activation, shifts: model.normWidth > 1), EagerKernels.sum(activation))
    return eager(term, role, kernels: norm.kernels + sum.kernels, bytes: hidden * (norm.bytes + sum.bytes))
  }
}

extension Layer.Role: CaseIterable {
  /// The roles in the order of execution.
  public static let allCases: [Layer.Role] = [.encoder, .decoder, .crossDecoder]

  /// What must be in a step for layers of the role to run.
  var driver: CostTerm.Driver {
    switch self {
    case .decoder: .step
    case .encoder: .prefill
    case .crossDecoder: .sample
    }
  }
}

extension Decoding {
  /// Tokens of a decoding sequence in a step.
  var block: Int {
    if case .blockDiffusion(let block) = self { block } else { 1 }
  }
}
