import Hardware

/// Feed-forward blocks and mixtures of experts.
extension Operators {
  /// Width of a feed-forward block on one device.
  private func inner(_ width: Int) -> Double { Double(width) / tensor }

  /// `layers` dense blocks.
  func feedForward(_ layers: Int, _ shape: FeedForward, _ role: Layer.Role) -> [CostTerm] {
    dense("ffn", layers, .feedForward, shape, width: shape.width, role)
  }

  func dense(
    _ name: String, _ layers: Int, _ weightClass: WeightClass, _ shape: FeedForward, width: Int, _ role: Layer.Role
  ) -> [CostTerm] {
    let (inner, ups) = (inner(width), Double(shape.ups))
    var activate = elementwise("\(name).activation", layers, role, bytes: (ups + 1) * inner * activation)
    activate.kernel = rowKernel(EngineKernels.Rows.activation, elements: (ups + 1) * inner)
    var up = product("\(name).up", layers, weightClass, role, from: hidden, to: ups * inner, matrices: shape.ups)
    if isEager(.activations) {
      let pass = EagerKernels.activation(activation, isGated: shape.ups > 1)
      activate = eager(activate, role, kernels: pass.kernels, bytes: inner * pass.bytes)
    }
    if isEager(.projections) { up.launch *= ups }
    return [
      up, activate,
      product("\(name).down", layers, weightClass, role, from: inner, to: hidden),
    ]
  }

  /// `layers` mixtures of experts.
  ///
  /// The device with the most to do computes skew x tokens x perToken / E of the pairs of token and expert, E being the
  /// parts that experts are spread over, and reads the experts that they activate.
  func experts(_ layers: Int, _ shape: FeedForward, _ experts: Experts, _ role: Layer.Role) -> [CostTerm] {
    let inner = Double(shape.width) / Double(layout.expertShards)
    let ups = Double(shape.ups)
    let load = Double(experts.perToken) * layout.expertSkew / Double(layout.expertParallel)
    var router = product("experts.router", layers, .norms, role, from: hidden, to: Double(experts.count))
    // Scores, then the choice and sorting of tokens by expert.
    router.launch *= isEager(.gate) ? EagerKernels.gate.kernels : 2
    if isEager(.gate) {
      router.bytes = router.bytes.plus(perToken(role, EagerKernels.gate.bytes * Double(experts.count)))
      router.kernel = nil
    }
    var activate = elementwise("experts.activation", layers, role, bytes: 0)
    activate.bytes = everyToken(role, load * (ups + 1) * inner * activation)
    func routed(_ name: String, from rows: Double, to columns: Double, matrices: Int) -> CostTerm {
      var term = term(name, layers, role.driver, rates.products(.experts))
      term.operations = everyToken(role, load * 2 * rows * columns)
      term.bytes = everyToken(role, load * (rows + columns) * activation)
      term.product = CostTerm.Product(inner: rows, columns: columns)
      let format = formats[.experts]
      term.conversionRate = rates.conversion
      term.experts = ActiveExperts(
        count: experts.count / layout.expertParallel,
        share: min(1, layout.expertSkew * Double(experts.perToken) / Double(experts.count)),
        bytes: rows * columns * format.bytes + Double(matrices) * format.codebookBytes,
        conversions: rows * columns * conversions(.experts))
      return term
    }
    let pieces = [
      routed("experts.up", from: hidden, to: ups * inner, matrices: shape.ups), activate,
      routed("experts.down", from: inner, to: hidden, matrices: 1),
    ]
    let shared =
      experts.sharedWidth > 0
      ? dense("experts.shared", layers, .sharedExperts, shape, width: experts.sharedWidth, role) : []
    return [router] + allToAll("all-to-all.dispatch", layers, experts, role)
      + measured(pieces, layers, shape, experts, inner: inner, role) + shared
      + allToAll("all-to-all.combine", layers, experts, role) + gatherTokens(layers, role)
  }

  /// The pieces of a layer's experts, or the one operator of their measured kernel, which does all of them.
  ///
  /// Its tokens are those of all groups, of which each goes to experts drawn alike.
  private func measured(
    _ pieces: [CostTerm], _ layers: Int, _ shape: FeedForward, _ experts: Experts, inner: Double, _ role: Layer.Role
  ) -> [CostTerm] {
    guard layout.expertSkew == 1, var whole = pieces.first,
      let kernel = kernels?.experts(weights: formats[.experts], inputs: rates.arithmetic(.experts)),
      var use = use(
        kernel,
        .experts(
          ExpertShard(
            hidden: hidden, inner: inner, experts: Double(experts.count), perToken: Double(experts.perToken),
            parts: Double(layout.expertParallel), isGated: shape.ups > 1)))
    else { return pieces }
    use.share = 1
    whole.name = "experts"
    for piece in pieces.dropFirst() {
      whole.operations = whole.operations.plus(piece.operations)
      whole.bytes = whole.bytes.plus(piece.bytes)
      whole.experts?.bytes += piece.experts?.bytes ?? 0
      whole.experts?.conversions += piece.experts?.conversions ?? 0
    }
    whole.kernel = use
    return [whole]
  }

  /// As ``perToken(_:_:)`` for operators that the tokens of all groups of the stage reach.
  private func everyToken(_ role: Layer.Role, _ amount: Double) -> FeatureSum { perToken(role, amount * groups) }
}
