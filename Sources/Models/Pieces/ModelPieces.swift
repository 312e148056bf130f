import Hardware

/// A model on one kind of device, cut into the pieces that placement policies place.
///
/// The pieces of all layers and both ends add up to the model's step on that device alone.
public struct ModelPieces: Sendable {
  /// Layers that are equal, cut into pieces. A class, so that it is cheap to look at.
  public final class LayerKind: Sendable {
    /// What stands before attention: a norm and the projections of queries, keys and values.
    public let input: Piece
    /// Attention over keys and values, writing those of new tokens included; for a state-space mixer all of it.
    public let attention: Piece
    /// What stands after: the output projection, and the all-reduce of devices that share the layer.
    public let output: Piece
    /// A norm and the dense block; with experts a norm, the router and the shared experts.
    public let feedForward: Piece
    /// Of that with experts, the norm and the router alone; nil without experts.
    public let router: Piece?
    /// Of that with experts, the shared ones alone; nil where there are none.
    public let shared: Piece?
    /// One routed expert, for so many tokens as the shape has prompt tokens; nil without experts.
    public let expert: Piece?
    /// The experts; nil for a dense block.
    public let experts: Experts?
    /// Bytes of one token's keys and values of the layer, over the whole engine.
    public let cacheBytesPerToken: Double

    init(
      input: Piece, attention: Piece, output: Piece, feedForward: Piece, router: Piece?, shared: Piece?, expert: Piece?,
      experts: Experts?, cacheBytesPerToken: Double
    ) {
      self.input = input
      self.attention = attention
      self.output = output
      self.feedForward = feedForward
      self.router = router
      self.shared = shared
      self.expert = expert
      self.experts = experts
      self.cacheBytesPerToken = cacheBytesPerToken
    }

    /// Bytes of weights but for routed experts.
    public var weights: Double { input.weights + attention.weights + output.weights + feedForward.weights }
    /// Bytes of one routed expert; 0 without experts.
    public var expertBytes: Double { expert?.weights ?? 0 }
    /// Bytes of all weights.
    public var allWeights: Double { weights + expertBytes * Double(experts?.count ?? 0) }
  }

  /// The kinds of layers, in the order of their first layer.
  public let kinds: [LayerKind]
  /// The kind of each layer.
  public let layers: [Int]
  /// Layers of one kind in a row: the kind and how many.
  public let runs: [(kind: Int, count: Int)]
  /// What stands before the first layer, the host's time of a step included.
  public let first: Piece
  /// What stands after the last layer, the host's time of each sequence included.
  public let last: Piece
  /// What stands before the first layer without the host's time: for a pass of a step that has several, as where tokens
  /// are drafted one after another.
  public let embedding: Piece
  /// What stands after the last layer without the host's time.
  public let head: Piece
  /// Bytes of the embedding table on a device; 0 where the head is the same matrix.
  public let embeddingBytes: Double
  /// The device.
  public let device: Device
  /// Elements of the residual stream, and bytes of one of them.
  public let hidden: Int
  /// Bytes of one activation.
  public let activationBytes: Double
  /// Least seconds in which the host dispatches a step with prompt tokens, and one without.
  public let dispatch: Dispatch

  /// Cuts `model` as it lies over devices like `device`; one stage, whose devices share every layer.
  ///
  /// - Throws: ``EngineFault`` where the device cannot compute in the model's formats.
  public init(
    _ model: Transformer, formats: ModelFormats, layout: EngineLayout = EngineLayout(), device: Device,
    kernels: EngineKernels? = nil, maxBatch: Int = 256
  ) throws(EngineFault) {
    do {
      let operators = Operators(
        model: model, formats: formats, layout: layout, device: device, rates: try OperatorRates(device, formats),
        peers: layout.tensorParallel > 1 ? device.peerLink : nil, expertLink: nil, next: nil, kernels: kernels)
      let forms = EngineForms(
        device: device, format: formats.activations.element, weights: .infinity, placement: Placement())
      func piece(_ terms: [CostTerm]) throws(Roofline.NoArithmetic) -> Piece {
        Piece(try forms.applied(to: terms, isFirst: false), maxBatch: maxBatch)
      }
      var kinds: [LayerKind] = []
      var known: [Layer: Int] = [:]
      var order: [Int] = []
      for layer in model.layers {
        if let index = known[layer] {
          order.append(index)
          continue
        }
        known[layer] = kinds.count
        order.append(kinds.count)
        let parts = operators.parts(of: layer)
        let cut = LayerKind(
          input: try piece(parts.input), attention: try piece(parts.attention), output: try piece(parts.output),
          feedForward: try piece(parts.feedForward),
          router: parts.expert == nil ? nil : try piece(parts.feedForward.filter { !Self.isShared($0) }),
          shared: parts.feedForward.contains(where: Self.isShared)
            ? try piece(parts.feedForward.filter(Self.isShared)) : nil,
          expert: try parts.expert.map { try piece($0) },
          experts: layer.feedForward?.experts,
          cacheBytesPerToken: Double(layer.role == .encoder ? 0 : layer.mixer?.cacheElements ?? 0)
            * formats.cache.bytes)
        kinds.append(cut)
      }
      self.kinds = kinds
      layers = order
      runs = Self.runs(order[...])
      first = try piece([operators.hostStep] + operators.embedding)
      last = try piece(operators.output)
      embedding = try piece(operators.embedding)
      head = try piece(operators.output.filter { !$0.isHost })
    } catch let fault as Roofline.NoArithmetic { throw .arithmetic(fault) } catch { throw .notCosted("\(error)") }
    self.device = device
    embeddingBytes =
      model.tiedEmbeddings || model.layers.isEmpty
      ? 0
      : Double(model.vocabulary * (model.embedding.width ?? model.hidden)) * formats[.embedding].bytes
        / Double(layout.tensorParallel)
    hidden = model.hidden
    activationBytes = formats.activations.bytes
    dispatch = Dispatch(
      prefill: device.execution.prefillDispatch.value.value, decode: device.execution.decodeDispatch.value.value)
  }

  private static func isShared(_ term: CostTerm) -> Bool { term.name.hasPrefix("experts.shared") }

  /// The layers of `range` of one kind in a row: the kind and how many. Complexity: O(layers).
  public func runs(of range: Range<Int>) -> [(kind: Int, count: Int)] { Self.runs(layers[range]) }

  private static func runs(_ layers: ArraySlice<Int>) -> [(kind: Int, count: Int)] {
    var runs: [(kind: Int, count: Int)] = []
    for kind in layers {
      if runs.last?.kind == kind { runs[runs.count - 1].count += 1 } else { runs.append((kind, 1)) }
    }
    return runs
  }

  /// Bytes of all weights of one device, embedding and head included.
  public var weights: Double {
    layers.reduce(first.weights + last.weights + embeddingBytes) { $0 + kinds[$1].allWeights }
  }

  /// Bytes of one token's keys and values over all layers.
  public var cacheBytesPerToken: Double { layers.reduce(0) { $0 + kinds[$1].cacheBytesPerToken } }
}

extension Operators {
  /// The terms of one layer by piece.
  func parts(of layer: Layer) -> (
    input: [CostTerm], attention: [CostTerm], output: [CostTerm], feedForward: [CostTerm], expert: [CostTerm]?
  ) {
    var mixer = layer
    mixer.feedForward = nil
    mixer.norms = layer.feedForward == nil ? layer.norms : layer.norms / 2
    var block = layer
    block.mixer = nil
    block.norms = layer.norms - mixer.norms
    var (input, attention, output): ([CostTerm], [CostTerm], [CostTerm]) = ([], [], [])
    for term in layer.mixer == nil ? [] : blocks(of: [mixer], layer.role) {
      let name = term.name.hasPrefix("encoder.") ? String(term.name.dropFirst("encoder.".count)) : term.name
      if name.hasPrefix("attention.output") || name.hasPrefix("cross.output") || name.hasPrefix("all-reduce") {
        output.append(term)
      } else if name.hasPrefix("norms") || term.product != nil {
        input.append(term)
      } else {
        attention.append(term)
      }
    }
    guard let feedForward = layer.feedForward else { return (input, attention, output, [], nil) }
    if layer.mixer == nil { block.norms = layer.norms }
    let terms = blocks(of: [block], layer.role)
    guard feedForward.experts != nil else { return (input, attention, output, terms, nil) }
    var one = feedForward
    one.experts = nil
    return (
      input, attention, output, terms.filter { $0.experts == nil && !$0.name.hasPrefix("experts.activation") },
      dense("expert", 1, .experts, one, width: one.width, layer.role)
    )
  }
}
