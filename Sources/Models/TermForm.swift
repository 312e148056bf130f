import Hardware

/// What a device's kind makes of one operator, beyond straight lines in the features of a step.
///
/// Source of the parts: ``DeviceForms`` and where weights are read from.
public struct TermForm: Hashable, Sendable {
  /// A device that computes a share of the operator's columns.
  public struct Member: Hashable, Sendable {
    /// Its share of the columns, in (0, 1].
    public var share: Double
    /// Its seconds for an operation of the whole operator, over those that the term's own rate gives.
    public var slowness: Double
    /// How it pads tokens; nil where it does not.
    public var rounding: TokenRounding?
    /// Tokens of a pass above which its operations take `orderFactor` times as long.
    public var orderFrom = Int.max
    /// At least 1.
    public var orderFactor = 1.0
  }

  /// A nearer memory, and what activations that fit it cost.
  public struct Near: Hashable, Sendable {
    /// Bytes of one call that fit.
    public var capacity: Double
    /// Achievable bytes/s.
    public var byteRate: Double
  }

  /// The devices that compute it at once; the slowest counts. Empty for one device without padding.
  public var members: [Member] = []
  /// Nearer memories, the nearest first.
  public var near: [Near] = []
  /// Bytes/s at which weights arrive while the operator runs, where they are not in the device's memory.
  public var streamRate: Double?
  /// Bytes/s of weights that all stay in a nearer memory.
  public var weightRate: Double?

  /// Whether it changes nothing.
  var isPlain: Bool {
    near.isEmpty && streamRate == nil && weightRate == nil
      && members.allSatisfy { $0.slowness == 1 && $0.rounding == nil && $0.orderFactor == 1 } && members.count < 2
  }

  /// Whether every number is one that a cost can have.
  var isValid: Bool {
    members.allSatisfy { $0.share > 0 && $0.slowness > 0 && $0.slowness.isFinite && $0.orderFactor >= 1 }
      && near.allSatisfy { $0.capacity > 0 && $0.byteRate > 0 } && (streamRate ?? 1) > 0 && (weightRate ?? 1) > 0
  }

  /// What one call of the operator runs as.
  struct Load {
    /// Runs of its program, each member's weighted with its share.
    var passes: Double
    /// The features of what is read and written: passes in place of the constant, tokens with their padding.
    var features: SIMD8<Double>
  }

  /// The load of a step, and its operations' seconds at the term's own rate.
  ///
  /// - Parameters:
  ///   - driver: which tokens the operator computes.
  ///   - perDecode: how many of each decoding sequence.
  func load(
    _ shape: StepShape, _ features: SIMD8<Double>, _ driver: CostTerm.Driver, perDecode: Int,
    operations: SIMD8<Double>
  ) -> (load: Load, computed: Double) {
    guard !members.isEmpty else {
      return (Load(passes: 1, features: features), FeatureSum.dot(operations, features))
    }
    let column = driver.feature
    let tokens = driver.tokens(shape, perDecode: perDecode)
    // What a sequence has beyond one token is counted by another feature.
    let others = Double(tokens) - features[column]
    var moved = features
    moved[0] = 0
    moved[column] = 0
    var computed = 0.0
    for member in members {
      let padded = member.rounding?.padded(tokens) ?? .init(tokens: tokens, passes: 1, largest: tokens)
      var own = features
      own[0] = Double(padded.passes)
      own[column] = Double(padded.tokens) - others
      let factor = padded.largest > member.orderFrom ? member.orderFactor : 1
      computed = max(computed, FeatureSum.dot(operations, own) * member.slowness * factor)
      moved[0] += member.share * Double(padded.passes)
      moved[column] += member.share * own[column]
    }
    return (Load(passes: moved[0], features: moved), computed)
  }
}

/// A term's form ready to be summed, in seconds over all its calls.
///
/// A class, so that the terms of a plain roofline, which every step walks, hold a null and stay small.
final class CompiledForm: Sendable {
  let form: TermForm
  let driver: CostTerm.Driver
  let perDecode: Int
  /// Activations of one call, in bytes.
  let held: SIMD8<Double>
  /// Their seconds where no nearer memory holds them.
  let heldSeconds: SIMD8<Double>
  /// Seconds of all other bytes but the weights.
  let rest: SIMD8<Double>
  /// Seconds of a byte of activations in each nearer memory.
  let near: [(capacity: Double, secondsPerByte: Double)]
  /// Seconds of the weights of one pass from where they are read.
  let weights: Double
  /// What an expert's seconds are multiplied by.
  let expertFactor: Double
  /// Seconds of the weights of one pass on their way to the device, over those from its memory; 0 where they are there.
  let streamFactor: Double

  init(_ form: TermForm, _ term: CostTerm) {
    let calls = Double(term.count)
    let held = term.heldBytes.fixed
    self.form = form
    driver = term.driver
    perDecode = term.tokensPerDecode
    self.held = held
    heldSeconds = held * (calls / term.byteRate)
    var rest = term.bytes.fixed - held
    rest[0] = 0
    self.rest = rest * (calls / term.byteRate)
    near = form.near.map { ($0.capacity, calls / $0.byteRate) }
    expertFactor = form.weightRate.map { term.byteRate / $0 } ?? 1
    weights = term.bytes.constant * (calls / term.byteRate) * expertFactor
    streamFactor = form.streamRate.map { term.byteRate / $0 } ?? 0
  }

  /// Seconds of operations, seconds of bytes, and passes of a step.
  func seconds(_ term: CompiledTerm, _ shape: StepShape, _ features: SIMD8<Double>) -> (Double, Double, Double) {
    var (load, computed) = form.load(shape, features, driver, perDecode: perDecode, operations: term.operations)
    var read = weights
    if let experts = term.experts {
      let active = experts.active(tokens: driver.tokens(shape, perDecode: perDecode))
      read += experts.bytes * expertFactor * active
      computed += experts.conversions * active
    }
    read *= load.passes
    var moved = read + FeatureSum.dot(rest, load.features)
    let bytes = FeatureSum.dot(held, load.features)
    if let level = near.first(where: { bytes <= $0.capacity }) {
      moved += bytes * level.secondsPerByte
    } else {
      moved += FeatureSum.dot(heldSeconds, load.features)
    }
    return (computed, max(moved, read * streamFactor), load.passes)
  }
}

extension CostTerm {
  /// The activations among ``bytes``: everything per token or sequence that need not reach the device's memory.
  var heldBytes: FeatureSum {
    guard form != nil, byteRoof == .memory, !isHost else { return FeatureSum() }
    var activations = bytes
    activations.constant = 0
    activations.perPrefillPair = 0
    activations.perPrefillContext = 0
    activations.perDecodeContext = 0
    return activations.less(lasting).less(cacheWrites)
  }

  /// Whether it reads weights: what it moves whatever the step holds.
  var readsWeights: Bool { byteRoof == .memory && !isHost && (bytes.constant > 0 || experts != nil) }

  /// Whether nothing but weights crosses ``byteRoof``.
  private var isStreamed: Bool { form?.streamRate != nil && byteRoof == .link }

  /// ``bytes`` that cross ``byteRoof`` in `steps` steps whose shapes add up to `shape`, each taken as the mean step.
  func bytes(in form: TermForm, _ shape: StepShape, steps: Int) -> FeatureSum {
    guard steps > 0 else { return bytes }
    var sum = isStreamed ? FeatureSum() : bytes
    sum.constant = bytes.constant
    let held = heldBytes
    if form.near.contains(where: { held.value(shape) / Double(steps) <= $0.capacity }) {
      sum = sum.less(held)
    }
    let tokens = tokens(shape) / steps
    let passes = form.members.reduce(0) { $0 + $1.share * Double($1.rounding?.padded(tokens).passes ?? 1) }
    sum.constant *= form.weightRate != nil ? 0 : form.members.isEmpty ? 1 : passes
    return sum
  }

  /// Bytes of one call in a step of `shape` that cross ``byteRoof``: those that a nearer memory holds do not, those of
  /// every pass do.
  func formedBytes(_ form: TermForm, _ shape: StepShape) -> Double {
    let features = isWindowed ? shape.windowedFeatures : shape.features
    let (load, _) = form.load(
      shape, features, driver, perDecode: tokensPerDecode, operations: FeatureSum().fixed)
    let held = FeatureSum.dot(heldBytes.fixed, load.features)
    let isNear = form.near.contains { held <= $0.capacity }
    var all = bytes.fixed
    all[0] = 0
    var sum = isStreamed ? 0 : FeatureSum.dot(all, load.features) - (isNear ? held : 0)
    let experts = experts.map { $0.bytes * $0.active(tokens: tokens(shape)) } ?? 0
    if form.weightRate == nil { sum += (bytes.constant + experts) * load.passes }
    let context = isWindowed ? shape.windowedDecodeContext : shape.decodeContext
    return sum + bytes.perDecodeContext * Double(context)
  }
}
