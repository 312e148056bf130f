import Testing

@testable import Hardware

/// The laws of every operator class, and what single formulas must say.
@Suite struct KernelModelTests {
  static let chip = Chip(processors: 100, cache: 4e7, bandwidth: 2e12, peaks: [.bf16: 3e14, .fp8: 6e14])
  static let formats = ["bf16", "fp8", "bf16/fp8"].compactMap { KernelFormat(named: $0) }

  @Test func parametersCanBeFitted() {
    #expect(Self.formats.count == 3)
    for model in KernelClasses.all {
      #expect(!model.variants.isEmpty && Set(model.variants).count == model.variants.count)
      for variant in model.variants {
        for format in Self.formats {
          let parameters = model.parameters(variant, format)
          #expect((1...12).contains(parameters.count), "\(model.name) \(variant) \(format.name)")
          #expect(Set(parameters.map(\.name)).count == parameters.count)
          for parameter in parameters {
            let isInside =
              0 < parameter.lower && parameter.lower < parameter.start && parameter.start < parameter.upper
            #expect(isInside, "\(model.name) \(parameter.name)")
            #expect(parameter.summary.hasSuffix("."))
          }
        }
      }
    }
  }

  @Test func operatorsHaveOneClass() {
    #expect(Set(KernelClasses.operators).count == KernelClasses.operators.count)
    #expect(KernelClasses.of("gemm") == GEMM.self)
    #expect(KernelClasses.of("gem") == nil)
  }

  private func gemm(
    _ variant: String, _ format: String = "bf16", on chip: Chip = chip, _ given: [String: Double] = [:]
  ) throws -> GEMM {
    let format = try #require(KernelFormat(named: format))
    let parameters = GEMM.parameters(variant, format)
    let starts = Dictionary(parameters.map { ($0.name, $0.start) }) { a, _ in a }
    return GEMM(
      KernelValues(parameters, given: starts.merging(given) { $1 }), variant, format, chip)
  }

  @Test(arguments: GEMM.variants) func productsGrowWithTheirSizes(_ variant: String) throws {
    for format in ["bf16", "fp8"] {
      let model = try gemm(variant, format)
      var last = 0.0
      for rows in [2.0, 16, 100, 1000, 5000, 40_000] {
        let seconds = model.seconds(.init(rows: rows, columns: 4096, inner: 4096), .warm)
        #expect(seconds.isFinite && seconds >= last, "\(format) \(rows)")
        #expect(model.seconds(.init(rows: rows, columns: 4096, inner: 4096), .cold) >= seconds)
        last = seconds
      }
      // 2 x 40,000 x 4096 x 4096 operations at 0.85 of 3e14/s are 5.26 ms.
      if format == "bf16" { #expect((5.26e-3...7e-3).contains(last)) }
    }
  }

  @Test func wavesAreWholeOrShared() throws {
    // 101 tiles of 128 x 128 on 100 processors: a second wave for one tile, or a hundredth more.
    let given = ["store": 9e11, "fetch": 5e11, "step": 3e-9, "launch": 3e-7, "edge": 0.99, "overlap": 11]
    let (whole, shared) = (GEMM.variants[0], GEMM.variants[1])
    func ratio(_ variant: String) throws -> Double {
      let model = try gemm(variant, on: Chip(processors: 100, cache: 4e7, bandwidth: 1e14, peaks: [.bf16: 3e14]), given)
      return model.seconds(.init(rows: 128 * 101, columns: 128, inner: 65_536), .warm)
        / model.seconds(.init(rows: 128 * 100, columns: 128, inner: 65_536), .warm)
    }
    #expect(try ratio(shared) < 1.02)
    #expect(try ratio(whole) > 1.1)
  }

  @Test func coldCachesReadFromMemory() throws {
    let model = try gemm(GEMM.variants[1])
    let shape = GEMM.Shape(rows: 8192, columns: 32, inner: 1024)
    // 17 MB of activations fit into 60 % of 40 MB, and come from a faster cache when a loop left them there.
    #expect(model.seconds(shape, .cold) > 1.05 * model.seconds(shape, .warm))
  }

  @Test(arguments: DecodeAttention.variants) func decodeIsBoundByTheContext(_ variant: String) throws {
    let format = try #require(KernelFormat(named: "bf16"))
    let parameters = DecodeAttention.parameters(variant, format)
    let model = DecodeAttention(KernelValues(startsOf: parameters), variant, format, Self.chip)
    var last = 0.0
    for context in [16.0, 256, 4096, 65_536, 1_048_576] {
      let shape = DecodeAttention.Shape(batch: 16, heads: 32, keyHeads: 8, headSize: 128, context: context)
      let seconds = model.seconds(shape, .cold)
      #expect(seconds.isFinite && seconds >= last)
      last = seconds
    }
    // 16 x 8 x 2^20 x 2 x 128 x 2 bytes at 0.85 x 2e12 B/s are 40.4 ms.
    #expect((0.0404...0.06).contains(last))
    let windowed = DecodeAttention.Shape(
      batch: 16, heads: 32, keyHeads: 8, headSize: 128, context: 1_048_576, window: 1024)
    #expect(model.seconds(windowed, .cold) < last / 100)
  }

  @Test(arguments: PrefillAttention.variants) func prefillGrowsWithTheSquareOfThePrompt(_ variant: String) throws {
    let format = try #require(KernelFormat(named: "bf16"))
    let model = PrefillAttention(
      KernelValues(startsOf: PrefillAttention.parameters(variant, format)), variant, format, Self.chip)
    func seconds(_ prompt: Double) -> Double {
      model.seconds(
        .init(batch: 1, heads: 32, keyHeads: 8, headSize: 128, queries: prompt, context: prompt), .warm)
    }
    let ratio = seconds(65_536) / seconds(32_768)
    #expect((3.8...4.1).contains(ratio))
    // Half of 4 x 32 x 65,536^2 x 128 operations at 0.7 of 3e14/s are 0.168 s, the softmax aside.
    #expect((0.168...0.4).contains(seconds(65_536)))
    let chunk = PrefillAttention.Shape(
      batch: 1, heads: 32, keyHeads: 8, headSize: 128, queries: 512, context: 65_536)
    #expect(model.seconds(chunk, .warm) > 50 * seconds(512) / 10)
  }

  @Test func absentParametersAreNoTerms() {
    let seconds = KernelParameter("a", .seconds, 2, in: 1...3, "A.")
    let rate = KernelParameter("b", .bytesPerSecond, 2, in: 1...3, "B.")
    let share = KernelParameter("c", .one, 2, in: 1...3, "C.")
    let values = KernelValues([seconds, rate, share], given: ["c": 2.5])
    #expect(values["a"] == 1 && values["b"] == 3 && values["c"] == 2.5 && values["d"].isNaN)
  }

  @Test func ratesGoWithTheBandwidthOfChips() {
    let twice = Chip(processors: 50, cache: 1, bandwidth: 4e12, peaks: [:])
    func moved(_ scale: KernelParameter.Scale) -> Double {
      KernelParameter("a", .bytesPerSecond, 2, in: 1...100, scale: scale, "A.").transferred(
        3, from: Self.chip, to: twice)
    }
    #expect(moved(.none) == 3 && moved(.bandwidth) == 6 && moved(.bandwidthPerProcessor) == 12)
  }

  @Test func formatsHaveNamesAndBytes() throws {
    let mixed = try #require(KernelFormat("bfloat16", cache: "fp8"))
    #expect(mixed.name == "bf16/fp8" && mixed.weightBytes == 2 && mixed.cacheBytes == 1 && !mixed.quantises)
    #expect(KernelFormat(named: "bf16/fp8") == mixed)
    #expect(KernelFormat(named: "fp9") == nil && KernelFormat(named: "") == nil && KernelFormat(named: "a/b/c") == nil)
    for word in KernelFormat.words { #expect(KernelFormat(named: word)?.name == word) }
  }

  @Test func softMaximaLieBetweenMaximumAndSum() {
    for (a, b) in [(3.0, 4.0), (1e-9, 1), (0, 2), (5, 5)] {
      for p in [1.0, 2, 12] {
        let value = Overlap.softMaximum(a, b, p)
        #expect(value >= max(a, b) && value <= (a + b) * (1 + 1e-12))
      }
    }
    #expect(abs(Overlap.softMaximum(3, 4, 2) - 5) < 1e-12)
    #expect(abs(Overlap.fourth(1, 1) - Overlap.softMaximum(1, 1, 4)) < 1e-12)
    #expect(Overlap.missed(1, 1) == 0.5)
  }
}
