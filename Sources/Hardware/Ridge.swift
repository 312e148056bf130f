extension Device {
  /// Where the roofs of a device meet in one format, in operations per byte: work of fewer is bound by memory, work of
  /// more by arithmetic.
  public struct Ridge: Hashable, Sendable {
    /// The format of the arithmetic.
    public var format: Format
    /// Peak operations/s.
    public var operations: Double
    /// At peak arithmetic over peak bandwidth.
    public var peak: Double
    /// At the shares of both that products with weights reach.
    public var dense: Double
    /// At the shares that attention reaches.
    public var attention: Double
  }

  /// The ridge point of every format that the device has a rate of its own for, from wide to narrow; none without memory.
  public var ridges: [Ridge] {
    guard let bandwidth = memory.first?.bandwidth.value.value else { return [] }
    let roofline = Roofline(self)
    return Format.allCases.compactMap { format in
      guard let rate = compute[format]?.rate.value.value, let dense = try? roofline.ceiling(.dense, format),
        let attention = try? roofline.ceiling(.attention, format)
      else { return nil }
      return Ridge(
        format: format, operations: rate, peak: rate / bandwidth, dense: dense.ridge, attention: attention.ridge)
    }
  }

  /// The format that stands for the device: fp16 or bf16, else fp32, else int8, else the widest that it has.
  public var widest: Format? {
    [.fp16, .bf16, .fp32, .int8].first { compute[$0] != nil } ?? Format.allCases.first { compute[$0] != nil }
  }
}
