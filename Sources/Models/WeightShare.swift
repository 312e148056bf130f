import Hardware

/// The weights that one device of a stage holds, by class.
struct WeightShare {
  /// Elements by class.
  private(set) var elements: [WeightClass: Double] = [:]
  /// Matrices by class, each of which has a codebook where the format has one.
  private(set) var matrices: [WeightClass: Double] = [:]

  /// The share of a device of stage `stage` with `layers`: matrices are split, norms and routers copied, key-value
  /// heads copied where there are fewer than devices, and the embedding stands where it is looked up and, where it is
  /// also the output projection, there too.
  init(_ model: Transformer, _ layout: EngineLayout, stage: Int, layers: some Collection<Layer>) {
    for (layer, count) in layers.counted() {
      if let mixer = layer.mixer { add(mixer, model, layout, Double(count * layer.mixers)) }
      if let block = layer.feedForward { add(block, model, layout, Double(count)) }
      let whole = layer.wholeParameters(hidden: model.hidden, normWidth: model.normWidth)
      add(.norms, Double(count * whole))
    }
    for listed in model.operators { add(.feedForward, Double(listed.count * listed.weights), Double(listed.count)) }
    let tensor = Double(layout.tensorParallel)
    let last = stage == layout.pipelineParallel - 1
    if stage == 0 { add(.embedding, Double(model.embeddingParameters) / tensor, 1) }
    guard last else { return }
    if !model.tiedEmbeddings || layout.pipelineParallel > 1 {
      let norms = model.output.norms * model.normParameters
      add(model.tiedEmbeddings ? .embedding : .head, Double(model.outputParameters - norms) / tensor, 1)
      add(.norms, Double(norms) / tensor)
    }
  }

  private mutating func add(_ name: WeightClass, _ count: Double, _ matrices: Double = 0) {
    elements[name, default: 0] += count
    self.matrices[name, default: 0] += matrices
  }

  private mutating func add(_ mixer: Mixer, _ model: Transformer, _ layout: EngineLayout, _ count: Double) {
    let (tensor, hidden) = (Double(layout.tensorParallel), Double(model.hidden))
    let all = Double(mixer.parameters(hidden: model.hidden))
    switch mixer {
    case .attention(let attention):
      let copies = Double(layout.kvHeads(of: attention)) * tensor / Double(attention.kvHeads)
      let copied = attention.sharesCache ? 0 : hidden * Double(2 * attention.kvWidth) * (copies - 1)
      add(.attention, count * ((all + copied) / tensor), count * (attention.sharesCache ? 2 : 4))
    case .latent(let latent):
      let whole = hidden * Double((latent.queryRank ?? 0) + latent.kvRank + latent.ropeDimension)
      add(.attention, count * (whole + (all - whole) / tensor), count * (latent.queryRank == nil ? 4 : 5))
    case .stateSpace(let space):
      let states = hidden * Double(2 * space.stateSize)
      let (own, parts) = (Double(layout.stateGroups(of: space)), Double(space.groups))
      add(.attention, count * ((all - states * parts) / tensor + states * own), count * 2)
    }
  }

  private mutating func add(_ block: FeedForward, _ model: Transformer, _ layout: EngineLayout, _ count: Double) {
    let each = Double(block.expertParameters(hidden: model.hidden))
    let tensor = Double(layout.tensorParallel)
    guard let experts = block.experts else {
      add(.feedForward, count * (each / tensor), count * Double(block.ups + 1))
      return
    }
    let own = Double(experts.count / layout.expertParallel)
    add(.experts, count * (own * each / Double(layout.expertShards)), count * own * Double(block.ups + 1))
    if experts.sharedWidth > 0 {
      add(
        .sharedExperts, count * (Double(block.sharedParameters(hidden: model.hidden)) / tensor),
        count * Double(block.ups + 1))
    }
  }

  /// Bytes of each class that there are weights of, in the order of the classes.
  func bytes(_ formats: ModelFormats) -> [WeightBytes] {
    WeightClass.allCases.compactMap { name in
      guard let count = elements[name], count > 0 else { return nil }
      let format = formats[name]
      return WeightBytes(
        name: name, format: format, elements: count,
        bytes: count * format.bytes + matrices[name, default: 0] * format.codebookBytes)
    }
  }
}

/// The weights of one class on a device.
public struct WeightBytes: Hashable, Sendable {
  /// The class.
  public var name: WeightClass
  /// Its format.
  public var format: StorageFormat
  /// Weights.
  public var elements: Double
  /// Their bytes, scales and codebooks included.
  public var bytes: Double
}
