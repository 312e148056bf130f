import Units

/// A family of config.json that is understood.
struct Family: Sendable {
  /// Its `model_type`.
  var type: String
  /// Its names in `architectures`, for files without a `model_type`.
  var architectures: [String]
  /// The configuration class of `transformers` whose defaults hold for keys that published files leave out.
  var configuration: String
  /// Reads the model from the object that the reader stands in.
  var read: @Sendable (_ family: Family, _ reader: inout ConfigReader) -> Transformer

  init(
    _ type: String, _ architectures: [String], _ configuration: String,
    _ read: @escaping @Sendable (_ family: Family, _ reader: inout ConfigReader) -> Transformer
  ) {
    self.type = type
    self.architectures = architectures
    self.configuration = configuration
    self.read = read
  }

  /// All families.
  static let all: [Family] =
    llamas + mixtures + qwens + deepSeeks + gpts + falcons + gemmas + phis + encoderDecoders + stateSpaces + others
    + kindred + operatorLists

  /// The family of the object that `reader` stands in; nil, with a fault, where it is unknown.
  ///
  /// `fallback` is the `model_type` where the object names none.
  static func find(_ reader: inout ConfigReader, default fallback: String? = nil) -> Family? {
    let type = reader.string("model_type")
    let architecture = reader.strings("architectures")?.first
    guard let name = type ?? architecture ?? fallback else {
      if reader.faults.isEmpty {
        reader.fault(
          "model_type", "neither model_type nor architectures says what the model is",
          why: "the keys of a config.json mean something within a family only",
          fix: "add model_type, one of \(known)")
      }
      return nil
    }
    if let family = all.first(where: { $0.type == name }) { return family }
    if type == nil, let family = all.first(where: { $0.architectures.contains(name) }) { return family }
    reader.fault(
      type == nil ? "architectures" : "model_type", "the architecture '\(name.prefix(40))' is not understood",
      why: "understood are \(known)", fix: "take a model of one of these families")
    return nil
  }

  private static var known: String { all.map(\.type).joined(separator: ", ") }

  /// The model of the object that `reader` stands in, all its keys accounted for.
  func model(_ reader: inout ConfigReader) -> Transformer {
    let outer = reader.configurationClass
    reader.configurationClass = configuration
    var model = read(self, &reader)
    model.publishedFormat = model.publishedFormat ?? ConfigReader.published(&reader)
    model.quantization = model.quantization ?? ConfigReader.quantized(&reader, model)
    reader.close(type)
    reader.configurationClass = outer
    return model
  }
}

extension Transformer {
  /// The model that `reader`'s file describes; nil, with a fault in the reader, where its family is unknown.
  static func read(_ reader: inout ConfigReader) -> Transformer? {
    guard let family = Family.find(&reader) else { return nil }
    var model = family.model(&reader)
    model.dropIdleWindows()
    model.check(&reader)
    model.notes = reader.notes
    return model
  }

  /// A window no shorter than the longest context hides nothing.
  private mutating func dropIdleWindows() {
    guard let maxContext else { return }
    for index in layers.indices {
      guard case .attention(var attention)? = layers[index].mixer, let window = attention.window, window >= maxContext
      else { continue }
      attention.window = nil
      layers[index].mixer = .attention(attention)
    }
  }

  /// What must hold of every family's layers.
  private func check(_ reader: inout ConfigReader) {
    for (mixer, _) in layers.compactMap(\.mixer).counted() {
      switch mixer {
      case .attention(let attention):
        if !attention.heads.isMultiple(of: attention.kvHeads) {
          reader.refuse(
            "\(attention.kvHeads) key-value heads do not divide the \(attention.heads) attention heads",
            why: "each serves as many query heads")
        }
        if attention.queryWidth > Bounds.width.upperBound {
          reader.refuse(
            "heads x head width is \(attention.queryWidth)", why: "it must not exceed \(Bounds.width.upperBound)")
        }
      case .latent(let latent):
        if latent.heads * max(latent.keyDimension, latent.valueDimension) > Bounds.width.upperBound {
          reader.refuse("heads x head width is too much", why: "it must not exceed \(Bounds.width.upperBound)")
        }
      case .stateSpace(let space):
        if !space.heads.isMultiple(of: space.groups) {
          reader.refuse("\(space.groups) groups do not divide the \(space.heads) heads", why: "each serves as many")
        }
        if space.inner > Bounds.width.upperBound {
          reader.refuse("heads x head width is \(space.inner)", why: "it must not exceed \(Bounds.width.upperBound)")
        }
      }
    }
    let windows = layers.compactMap(\.window).counted().map(\.element)
    if windows.count > 1 {
      reader.refuse(
        "layers have windows of \(wordList(windows.map { "\($0)" }, or: "and")) tokens",
        why: "a step's cost is known for one window beside full attention")
    }
  }
}
