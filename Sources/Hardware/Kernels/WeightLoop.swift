/// What a benchmark multiplies between two calls with the same weights.
///
/// A loop over weights that exceed the cache together finds none of them there: each was driven out just before its turn.
/// A loop that fits finds all.
/// Source: the benchmarks of NVIDIA's aiconfigurator (collector/vllm, sglang and trtllm: collect_gemm.py, loops over
/// copies of the layer); the rows step where that many copies fill the cache.
public enum WeightLoop: Hashable, Sendable {
  /// So many copies of them.
  case copies(Double)
  /// As many copies as fill the cache, but not more than these.
  case filling(most: Double)
  /// Other layers, too many for the cache.
  case others

  /// The loop that timed a row.
  init(_ row: KernelRow) {
    guard row.text("source") == "aiconfigurator" else {
      self = .others
      return
    }
    let isEngine = row.text("kernel")?.contains("PLUGIN") == true
    switch (row.text("framework"), row.text("dtype")) {
    case ("vllm", "fp8_block"), ("vllm", "nvfp4"): self = .copies(1)
    case ("vllm", _), ("sglang", _): self = .copies(6)
    case ("trtllm", _) where isEngine: self = .others
    case ("trtllm", _): self = row.text("version")?.hasPrefix("1.0.") == true ? .copies(5) : .filling(most: 5)
    default: self = .others
    }
  }

  /// The share of weights of so many bytes that a call finds in the cache of `chip`.
  func found(_ bytes: Double, on chip: Chip) -> Double {
    switch self {
    case .copies(let count): chip.found(count * bytes)
    case .filling(let most): chip.found(min(most, (chip.cache / bytes).rounded(.up)) * bytes)
    case .others: 0
    }
  }
}
