import Hardware

/// A term ready to be summed: its coefficients in seconds, over all its calls.
struct CompiledTerm: Sendable {
  var driver: CostTerm.Driver
  var launchRoof: Roof
  var byteRoof: Roof
  var isHost: Bool
  var isWindowed: Bool
  var launch: Double
  var operations: SIMD8<Double>
  var bytes: SIMD8<Double>
  /// Whether operations and bytes depend on no feature but the tokens.
  var isPerToken: Bool
  var operationsPerContext: Double
  var bytesPerContext: Double
  /// Experts, `bytes` and `conversions` being seconds for each.
  var experts: ActiveExperts?
  var tokensPerDecode: Int
  /// Tokens from which the bytes' seconds are multiplied by `largeFactor`.
  var largeFrom: Int
  var largeFactor: Double
  /// What the device's kind makes of it; nil for a plain roofline.
  var form: CompiledForm?
  /// The measured kernel whose time it takes; nil for a roofline.
  var kernel: CompiledKernel?
  /// Whether it is launch and the longer of two sums over features, and nothing else.
  var isPlain: Bool

  /// The term, its kernel tabulated for decode batches up to `maxBatch`.
  init(_ term: CostTerm, maxBatch: Int) {
    let calls = Double(term.count)
    driver = term.driver
    launchRoof = term.launchRoof
    byteRoof = term.byteRoof
    isHost = term.isHost
    isWindowed = term.isWindowed
    launch = calls * term.launch
    operations = term.operations.fixed * (calls / term.operationRate)
    operations[0] += calls * term.conversions / term.conversionRate
    bytes = term.bytes.fixed * (calls / term.byteRate)
    operationsPerContext = term.operations.perDecodeContext * (calls / term.operationRate)
    bytesPerContext = term.bytes.perDecodeContext * (calls / term.byteRate)
    isPerToken = FeatureSum.isPerToken(operations) && FeatureSum.isPerToken(bytes)
    experts = term.experts
    experts?.bytes *= calls / term.byteRate
    experts?.conversions *= calls / term.conversionRate
    tokensPerDecode = term.tokensPerDecode
    largeFrom = term.large?.fromTokens ?? .max
    largeFactor = term.large.map { term.byteRate / $0.byteRate } ?? 1
    form = term.form.map { CompiledForm($0, term) }
    kernel = term.kernel.flatMap { CompiledKernel($0, calls: term.count, maxBatch: maxBatch) }
    isPlain = form == nil && kernel == nil && experts == nil && largeFrom == .max
  }

  @inline(__always)
  func runs(in shape: StepShape) -> Bool {
    switch driver {
    case .step: true
    case .prefill: shape.prefillTokens > 0
    case .decode: shape.decodes > 0
    case .sample: shape.sampled > 0
    }
  }

  /// ``Swift/UnsafePointer/lines(_:_:_:)`` of a copy.
  func lines(_ shape: StepShape, _ whole: SIMD8<Double>, _ windowed: SIMD8<Double>) -> ContextLines {
    withUnsafePointer(to: self) { $0.lines(shape, whole, windowed) }
  }
}

/// Terms are looked at where they are: one is too large to copy at each look.
extension UnsafePointer where Pointee == CompiledTerm {
  /// The term for a step of `shape`, whose features are `whole` or, within the window, `windowed`, as two straight
  /// lines in the decode context.
  @inline(__always)
  func lines(_ shape: StepShape, _ whole: SIMD8<Double>, _ windowed: SIMD8<Double>) -> ContextLines {
    let features = pointee.isWindowed ? windowed : whole
    guard pointee.isPlain else { return unlikePlain(shape, features) }
    return lines(operations: pointee.sum(pointee.operations, features), bytes: pointee.sum(pointee.bytes, features))
  }

  @inline(__always)
  private func lines(operations: Double, bytes: Double) -> ContextLines {
    ContextLines(
      launch: pointee.launch, operations: operations, operationsPerContext: pointee.operationsPerContext, bytes: bytes,
      bytesPerContext: pointee.bytesPerContext, isWindowed: pointee.isWindowed)
  }

  /// ``lines(_:_:_:)`` of a term that is not plain: apart, since most are.
  @inline(never)
  private func unlikePlain(_ shape: StepShape, _ features: SIMD8<Double>) -> ContextLines {
    if let form = pointee.form {
      let (computed, moved, passes) = form.seconds(pointee, shape, features)
      var lines = lines(operations: computed, bytes: moved)
      lines.launch *= passes
      return lines
    }
    if let kernel = pointee.kernel { return pointee.measured(kernel, shape, features) }
    let tokens = pointee.driver.tokens(shape, perDecode: pointee.tokensPerDecode)
    var lines = lines(
      operations: pointee.sum(pointee.operations, features), bytes: pointee.sum(pointee.bytes, features))
    if let experts = pointee.experts {
      let active = experts.active(tokens: tokens)
      lines.bytes += experts.bytes * active
      lines.operations += experts.conversions * active
    }
    if tokens >= pointee.largeFrom { lines.bytes *= pointee.largeFactor }
    return lines
  }
}

extension CompiledTerm {
  /// A sum over features. Products with zero coefficients add nothing, so that leaving them out changes no bit.
  @inline(__always)
  func sum(_ coefficients: SIMD8<Double>, _ features: SIMD8<Double>) -> Double {
    isPerToken ? coefficients[0] + coefficients[1] * features[1] : FeatureSum.dot(coefficients, features)
  }

  /// The lines of a term with a measured kernel, which the longer roof is said to bound.
  fileprivate func measured(_ kernel: CompiledKernel, _ shape: StepShape, _ features: SIMD8<Double>) -> ContextLines {
    if operationsPerContext > 0 || bytesPerContext > 0 {
      return decodeLine(
        kernel, batch: shape.decodes, DecodeContexts(shape), besidePrompts: shape.prefillTokens > 0
      ).line
    }
    let seconds = kernel.seconds(driver.tokens(shape, perDecode: tokensPerDecode), shape)
    var lines = ContextLines(launch: min(seconds, kernel.launch), isWindowed: isWindowed)
    if FeatureSum.dot(operations, features) > FeatureSum.dot(bytes, features) {
      lines.operations = seconds - lines.launch
    } else {
      lines.bytes = seconds - lines.launch
    }
    return lines
  }

  /// The straight line of a step in which `batch` sequences decode, and the last context in all up to which it holds.
  func decodeLine(
    _ kernel: CompiledKernel, batch: Int, _ contexts: DecodeContexts, besidePrompts: Bool = false
  ) -> (line: ContextLines, until: Int) {
    let context = Int(isWindowed ? contexts.windowed : contexts.whole)
    var found = kernel.line(batch: batch, context: context, besidePrompts: besidePrompts)
    found.line.isWindowed = isWindowed
    return found
  }
}

/// KV tokens that a step's decodes read, in all and within the window.
struct DecodeContexts {
  var whole: Double
  var windowed: Double

  @inline(__always)
  init(_ shape: StepShape) {
    whole = Double(shape.decodeContext)
    windowed = Double(shape.windowedDecodeContext)
  }

  @inline(__always)
  init(_ run: DecodeRun) {
    whole = Double(run.context)
    windowed = Double(run.windowed)
  }
}

/// A term's seconds for a given batch: launch + max of two straight lines in the decode context.
struct ContextLines: Hashable, Sendable {
  var launch = 0.0
  var operations = 0.0
  var operationsPerContext = 0.0
  var bytes = 0.0
  var bytesPerContext = 0.0
  /// Whether the context is that within the window.
  var isWindowed = false

  /// The context that counts.
  @inline(__always)
  func context(_ contexts: DecodeContexts) -> Double { isWindowed ? contexts.windowed : contexts.whole }

  /// Seconds under the operations' roof, under the bytes' roof.
  @inline(__always)
  func roofs(_ context: Double) -> (Double, Double) {
    (operations + operationsPerContext * context, bytes + bytesPerContext * context)
  }

  @inline(__always)
  func seconds(_ context: Double) -> Double {
    let (a, b) = roofs(context)
    return launch + (a > b ? a : b)
  }
}
