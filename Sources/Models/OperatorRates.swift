import Hardware

/// The rates that the operators of a model reach on a device.
struct OperatorRates {
  /// Attention over keys and values.
  let attention: Ceiling
  /// Operators of bytes and little arithmetic.
  let elementwise: Ceiling
  /// Vector operations/s that convert weights; those of the products on a device that lists none in fp32.
  let conversion: Double
  private let ceilings: [WeightClass: Ceiling]
  private let formats: [WeightClass: Format]
  private let fallback: Ceiling

  /// The rates of `device` in the arithmetic that `formats` ask for.
  init(_ device: Device, _ formats: ModelFormats) throws(Roofline.NoArithmetic) {
    let roofline = Roofline(device)
    let activations = formats.activations.element
    attention = try roofline.ceiling(.attention, activations)
    elementwise = try roofline.ceiling(.elementwise, activations)
    fallback = try roofline.ceiling(.dense, activations)
    var ceilings: [WeightClass: Ceiling] = [:]
    var found: [WeightClass: Format] = [:]
    for name in WeightClass.allCases {
      let format = formats.arithmetic(name, on: device)
      ceilings[name] = try roofline.ceiling(.dense, format)
      found[name] = ([format] + format.fallbacks).first { device.compute[$0] != nil }
    }
    self.ceilings = ceilings
    self.formats = found
    conversion =
      device.compute[.fp32] == nil ? fallback.operationRate : try roofline.ceiling(.elementwise, .fp32).operationRate
  }

  /// Products with weights of a class.
  func products(_ weightClass: WeightClass) -> Ceiling { ceilings[weightClass] ?? fallback }

  /// The format that those products compute in.
  func arithmetic(_ weightClass: WeightClass) -> Format { formats[weightClass] ?? .fp32 }
}
