import Testing

@testable import Hardware

/// What benchmarks that go round their operands find in the cache, and what servers do not.
@Suite struct CacheLoopTests {
  private static func chip(parts: Double) -> Chip {
    Chip(processors: 100, cache: 0x3p24, cacheParts: parts, bandwidth: 1e12, peaks: [.bf16: 3e14])
  }

  private static func row(_ fields: [String: String]) -> KernelRow {
    let names = fields.keys.sorted()
    return KernelRow(
      columns: Dictionary(zip(names, names.indices)) { a, _ in a }, fields: names.map { fields[$0] ?? "" })
  }

  @Test func aCacheKeepsALoopUpToItsSize() {
    let (whole, parts) = (Self.chip(parts: 1), Self.chip(parts: 2))
    let size = whole.cache
    #expect(whole.found(size) == 1 && whole.found(size + 1) == 0)
    #expect(whole.found(size / 2, others: true) == 0.5 && whole.found(2 * size, others: true) < 0.01)
    #expect(parts.found(size / 2) == 0.5 && parts.found(size / 8) > 0.99 && parts.found(2 * size) < 0.01)
  }

  @Test func loopsAreThoseOfTheirBenchmarks() {
    func loop(_ framework: String, _ dtype: String, _ version: String = "1.3.0rc20", kernel: String = "") -> WeightLoop
    {
      WeightLoop(
        Self.row([
          "source": "aiconfigurator", "framework": framework, "dtype": dtype, "version": version, "kernel": kernel,
        ]))
    }
    #expect(loop("vllm", "bfloat16") == .copies(6) && loop("sglang", "fp8_block") == .copies(6))
    #expect(loop("vllm", "fp8_block") == .copies(1) && loop("vllm", "nvfp4") == .copies(1))
    #expect(loop("trtllm", "fp8") == .filling(most: 5) && loop("trtllm", "bfloat16", "1.0.0") == .copies(5))
    #expect(loop("trtllm", "int8_wo", "1.0.0", kernel: "l_L257/PLUGIN_V2_WeightOnlyQuantMatmul_0") == .others)
    #expect(WeightLoop(Self.row(["source": "vidur", "framework": "vllm"])) == .others)
    let chip = Self.chip(parts: 1)
    // A third of the cache and no more: three copies fill it, four of less exceed it.
    #expect(WeightLoop.filling(most: 5).found(chip.cache / 3, on: chip) == 1)
    #expect(WeightLoop.filling(most: 5).found(chip.cache / 3 - 1, on: chip) == 0)
    #expect(WeightLoop.copies(6).found(chip.cache / 6, on: chip) == 1 && WeightLoop.others.found(1, on: chip) == 0)
  }

  @Test func weightsOfALoopThatFitsComeFromTheCache() throws {
    let format = try #require(KernelFormat(named: "bf16"))
    let parameters = GEMM.parameters(GEMM.variants[1], format)
    let model = GEMM(KernelValues(startsOf: parameters), GEMM.variants[1], format, Self.chip(parts: 1))
    func seconds(_ columns: Double, _ loop: WeightLoop, _ state: CacheState) -> Double {
      model.seconds(.init(rows: 4, columns: columns, inner: 4096, loop: loop), state)
    }
    // 1,024 x 4,096 weights of two bytes are 8 MiB, of which the cache holds six.
    #expect(seconds(1024, .copies(6), .warm) < 0.8 * seconds(1024, .others, .warm))
    #expect(seconds(1024, .copies(6), .cold) == seconds(1024, .others, .cold))
    #expect(seconds(1040, .copies(6), .warm) == seconds(1040, .others, .warm))
  }

  @Test func keysAloneAreHalfOfWhatIsRead() throws {
    let format = try #require(KernelFormat(named: "bf16"))
    func seconds(_ heads: Double, _ context: Double, _ isKeysAlone: Bool, _ state: CacheState) -> Double {
      let variant = DecodeAttention.variants[2]
      let parameters = DecodeAttention.parameters(variant, format)
      let model = DecodeAttention(KernelValues(startsOf: parameters), variant, format, Self.chip(parts: 2))
      return model.seconds(
        .init(batch: 512, heads: heads, keyHeads: 4, headSize: 128, context: context, isKeysAlone: isKeysAlone), state)
    }
    // Eight queries a head of keys: 2.1 GB, of which 1.1 are read once.
    #expect(seconds(32, 2048, true, .warm) < 0.7 * seconds(32, 2048, false, .warm))
    #expect(seconds(32, 2048, true, .cold) == seconds(32, 2048, false, .cold))
    // One query: 400 blocks hold 100 kB each of 400 keys, but 2,048 are too many for the cache.
    #expect(seconds(4, 400, true, .warm) < seconds(4, 400, false, .warm))
    #expect(seconds(4, 2048, true, .warm) == seconds(4, 2048, false, .warm))
  }

  @Test func windowsLeaveQueriesSpread() throws {
    let format = try #require(KernelFormat(named: "bf16"))
    let (packed, copied) = (DecodeAttention.variants[0], DecodeAttention.variants[1])
    func decode(_ variant: String, _ window: Double) -> Double {
      let values = KernelValues(startsOf: DecodeAttention.parameters(variant, format))
      return DecodeAttention(values, variant, format, Self.chip(parts: 1)).seconds(
        .init(batch: 256, heads: 64, keyHeads: 4, headSize: 128, context: 64, window: window), .cold)
    }
    // A window that is longer than the context hides nothing, but its kernel takes 64 blocks a sequence, not 4.
    #expect(decode(copied, 128) > 5 * decode(copied, 0))
    #expect(decode(packed, 128) == decode(packed, 0))
    func prefill(_ window: Double) -> Double {
      let variant = PrefillAttention.variants[1]
      let values = KernelValues(startsOf: PrefillAttention.parameters(variant, format))
      return PrefillAttention(values, variant, format, Self.chip(parts: 1)).seconds(
        .init(batch: 256, heads: 64, keyHeads: 4, headSize: 128, queries: 1, context: 64, window: window), .cold)
    }
    #expect(prefill(128) > 3 * prefill(0))
  }
}
