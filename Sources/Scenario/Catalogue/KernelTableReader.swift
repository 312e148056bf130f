import Hardware
import Units

/// Reads the files of kernels.
enum KernelTableReader {
  /// Most kernels of a file.
  private static let limit = 1000

  /// The table that a file describes; nil with diagnostics where it describes none.
  static func table(_ root: Element, _ reading: Reading) -> KernelTable? {
    let fields = Fields(root, path: "", reading: reading)
    let errors = reading.diagnostics.errorCount
    if !fields.has("device") { fields.missing("device", example: "h100-sxm") }
    let device = fields.text("device")
    let chip = fields.fields("chip")
    let processors = chip.sourcedNumber("processors", in: 1...1e6, example: "132")
    let cache = chip.sourced("cache", Memory.self)
    let parts = chip.sourcedNumber("cache-parts", in: 1...64, example: "2", required: false)
    let tuned = tunedExperts(chip)
    chip.finish()
    let list = fields.elements("kernels")
    if list.count > limit {
      reading.diagnostics.error(
        at: fields.valuePlace(of: "kernels"), "'kernels' has \(list.count) elements", why: "it has at most \(limit)",
        fix: "split the file")
      return nil
    }
    let kernels = list.compactMap { kernel($0.element, $0.path, reading) }
    fields.finish()
    if let cache, !(cache.value.value > 0) {
      reading.diagnostics.error(
        at: chip.valuePlace(of: "cache"), "'chip.cache' cannot be", why: "must be above 0", fix: "correct the number")
    }
    guard reading.diagnostics.errorCount == errors, let device, let processors, let cache else { return nil }
    return KernelTable(
      device: device, processors: processors, cache: Sourced(cache.value.value, source: cache.source),
      cacheParts: parts, tunedExperts: tuned, kernels: kernels)
  }

  /// Experts whose blocks were tuned: "8 x 7168", by number and inner size.
  private static func tunedExperts(_ chip: Fields) -> Sourced<[TunedExperts]>? {
    guard let fields = chip.sourcedFields("tuned-experts", example: "[8 x 7168]", required: false) else { return nil }
    let list = fields.elements("value")
    let experts = list.prefix(limit).compactMap { element, path -> TunedExperts? in
      let words = (element.text ?? "").split(separator: " ", omittingEmptySubsequences: true)
      let numbers = [words.first, words.last].compactMap { $0.flatMap { Double($0) } }
      guard words.count == 3, words[1] == "x", numbers.count == 2, numbers.allSatisfy((1...1e6).contains) else {
        fields.diagnostics.error(
          at: element.place, "'\(path)' cannot be '\((element.text ?? "").prefix(40))'",
          why: "it is the experts of a device and their inner size", fix: "write for example '8 x 7168'")
        return nil
      }
      return TunedExperts(experts: numbers[0], inner: numbers[1])
    }
    let source = fields.source()
    fields.finish()
    return source.map { Sourced(experts, source: $0) }
  }

  private static func kernel(_ element: Element, _ path: String, _ reading: Reading) -> FittedKernel? {
    let fields = Fields(element, path: path, reading: reading)
    for (key, example) in [("operator", "gemm"), ("framework", "vllm"), ("format", "bf16"), ("variant", "...")]
    where !fields.has(key) {
      fields.missing(key, example: example)
    }
    let name = fields.choice("operator", of: KernelClasses.operators)
    let framework = fields.text("framework")
    let format = fields.text("format").flatMap { text in
      KernelFormat(named: text) ?? wrong(fields, "format", text, KernelFormat.words)
    }
    let family = fields.text("kernel", default: "", because: "whichever the framework takes")
    let model = name.flatMap { KernelClasses.of($0) }
    let variant = fields.text("variant").flatMap { text in
      model.flatMap { $0.variants.contains(text) ? text : wrong(fields, "variant", text, $0.variants) }
    }
    let source = fields.source()
    let inner = fields.fields("parameters")
    fields.finish()
    guard let name, let framework, let format, let family, let model, let variant, let source else { return nil }
    var values: [String: Double] = [:]
    for parameter in model.parameters(variant, format) { values[parameter.name] = value(parameter, inner) }
    inner.finish()
    return FittedKernel(
      operatorName: name, framework: framework, format: format, kernel: family, variant: variant, values: values,
      source: source)
  }

  /// The value of a parameter; nil where it is absent, or with a diagnostic.
  private static func value(_ parameter: KernelParameter, _ fields: Fields) -> Double? {
    // Written with four digits, a value at a bound may lie beyond it.
    let bounds = parameter.lower * 0.999...parameter.upper * 1.001
    switch parameter.unit {
    case .one: return fields.number(parameter.name, in: bounds)
    case .seconds:
      return fields.quantity(parameter.name, Seconds.self, in: Seconds(bounds.lowerBound)...Seconds(bounds.upperBound))?
        .value
    case .bytesPerSecond:
      return fields.quantity(
        parameter.name, Bandwidth.self, in: Bandwidth(bounds.lowerBound)...Bandwidth(bounds.upperBound))?.value
    }
  }

  private static func wrong<T>(_ fields: Fields, _ key: String, _ text: String, _ words: [String]) -> T? {
    fields.diagnostics.error(
      at: fields.valuePlace(of: key), "'\(fields.path(key))' cannot be '\(text.prefix(80))'",
      why: "it is one of \(wordList(words))", fix: didYouMean(text, among: words, else: "choose one of them"))
    return nil
  }
}
