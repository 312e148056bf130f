import Testing

@testable import Hardware

/// Worked values of kernel formulas, computed apart by another program from the same formulas and the parameters where
/// fits begin, on a chip like an H100: 132 processors, 50 MiB, 3.35 TB/s, 989 Tflop/s of bf16.
@Suite struct KernelFormulaTests {
  static let chip = Chip(
    processors: 132, cache: 50 * 1_048_576, bandwidth: 3.35e12, peaks: [.bf16: 989e12, .fp8: 1978e12])

  private func microseconds<Model: KernelModel>(
    _ model: Model.Type, _ shape: Model.Shape, variant: Int = 0, format: String = "bf16"
  ) throws -> Double {
    let format = try #require(KernelFormat(named: format))
    let variant = model.variants[variant]
    let values = KernelValues(startsOf: model.parameters(variant, format))
    return model.init(values, variant, format, Self.chip).seconds(shape, .warm) * 1e6
  }

  private func agree(_ value: Double, _ known: Double) -> Bool { abs(value / known - 1) < 1e-5 }

  private func row(_ fields: [String: String]) -> KernelRow {
    let names = fields.keys.sorted()
    return KernelRow(
      columns: Dictionary(zip(names, names.indices)) { a, _ in a }, fields: names.map { fields[$0] ?? "" })
  }

  @Test func chunksBesideDecodes() throws {
    let few = MixedAttention.Shape(
      heads: 32, keyHeads: 8, headSize: 128, chunk: 512, prefix: 1024, decodes: 64, context: 2048)
    #expect(agree(try microseconds(MixedAttention.self, few), 1155.35))
    // 200 sequences fill the processors with one head, so that no head finds the keys of another in the cache.
    let many = MixedAttention.Shape(
      heads: 32, keyHeads: 8, headSize: 128, chunk: 16, prefix: 0, decodes: 200, context: 8192)
    #expect(agree(try microseconds(MixedAttention.self, many), 12_164.4))
    var alone = many
    alone.keyHeads = 32
    #expect(try microseconds(MixedAttention.self, alone) >= microseconds(MixedAttention.self, many))
  }

  @Test func rowsOfElements() throws {
    let one = Elementwise.Shape(rows: 1, elements: 3 * 14_336)
    #expect(agree(try microseconds(Elementwise.self, one), 4.22042))
    #expect(agree(try microseconds(Elementwise.self, .init(rows: 2048, elements: 3 * 14_336)), 70.2431))
  }

  @Test func elementsOfRows() throws {
    func elements(_ op: String, _ model: String = "Qwen/Qwen3-32B") throws -> Double {
      try ElementwiseRow.elements(
        row(["op": op, "model": model, "hidden": "5120", "inter": "12800", "tp": "2"]))
    }
    #expect(try elements("act_fn") == 3 * 12_800)
    #expect(try elements("mlp_act", "microsoft/phi-2") == 2 * 12_800)
    // 64 + 8 heads of 128 read and written, halved over two devices.
    #expect(try elements("rotary_emb") == 2 * 72 * 128 / 2)
    #expect(try elements("layernorm") == 4 * 5120 && elements("add") == 3 * 5120)
    #expect(throws: KernelRow.Fault.self) { try elements("rope", "a model that nobody knows") }
    for name in ElementwiseRow.operators { #expect(KernelClasses.of(name) == Elementwise.self) }
  }

  @Test func customAllReducesChooseTheirAlgorithm() throws {
    func time(_ devices: Double, _ bytes: Double, eager: Bool = false) throws -> Double {
      try microseconds(
        CustomAllReduce.self, .init(.allReduce, devices: devices, bytes: bytes), variant: eager ? 2 : 0)
    }
    // One shot: 4 us + 0.15 us + 65,536 B at 200 GB/s.
    #expect(agree(try time(2, 65_536), 4.47768))
    #expect(agree(try time(8, 65_536), 7.34376))
    // Two shots: 4 us + 7 x 0.15 us + 5 us + 2 x 7 / 8 MiB at 200 GB/s.
    #expect(agree(try time(8, 1_048_576), 19.225))
    // The library's ring: 50 us + 6 x 1 us + 1.5 x 256 MiB at 300 GB/s.
    #expect(agree(try time(4, 0x1p28), 1398.18))
    // Eager: never below the host's 30 us, and the message is copied at 2 TB/s.
    #expect(agree(try time(2, 65_536, eager: true), 30))
    #expect(agree(try time(4, 0x1p28, eager: true), 1666.61))
  }

  @Test func libraryExchangesChooseTheirProtocol() throws {
    func time(_ exchange: Exchange, _ devices: Double, _ bytes: Double, _ variant: Int = 0) throws -> Double {
      try microseconds(
        LibraryExchange.self, .init(exchange, devices: devices, bytes: bytes), variant: variant)
    }
    #expect(agree(try time(.allReduce, 8, 4096), 20.0796))
    #expect(agree(try time(.allGather, 4, 0x1p26), 192.772))
    #expect(agree(try time(.allReduce, 8, 0x1p28, 1), 1042.63))
    // Through the host, eight devices share what four had.
    #expect(try time(.allReduce, 8, 0x1p28, 2) > 1.7 * time(.allReduce, 4, 0x1p28, 2))
    // Ring of two over 16 GB/s with 20 us a step: 2 x 20 us + 1 MiB / 16 GB/s.
    #expect(agree(Exchange.allReduce.seconds(bytes: 0x1p20, devices: 2, rate: 16e9, latency: 2e-5), 1.05536e-4))
  }

  @Test func exchangesOfRows() throws {
    func shape(_ fields: [String: String]) throws -> ExchangeShape { try ExchangeShape(row(fields)) }
    let across = try shape(["op": "send_recv", "ranks": "2", "bytes": "4096", "kernel": "a100_dgx|dpn1"])
    #expect(across.exchange == .send && across.crossesMachines)
    let within = try shape(["op": "all_reduce", "ranks": "2", "bytes": "4096", "kernel": "a100_dgx|dpn2"])
    #expect(within.exchange == .allReduce && !within.crossesMachines)
    #expect(throws: KernelRow.Fault.self) { try shape(["op": "all_reduce", "ranks": "1", "bytes": "4096"]) }
    let wired = try LibraryExchange.Shape(row(["op": "send_recv", "ranks": "2", "bytes": "100000000"]))
    #expect(try microseconds(LibraryExchange.self, across, variant: 3) < microseconds(LibraryExchange.self, wired))
  }

  @Test func loadsOfExperts() {
    func load(_ tokens: Double, _ experts: Double, _ perToken: Double, _ devices: Double, _ routing: ExpertRouting)
      -> ExpertLoad
    {
      ExpertLoad(tokens: tokens, experts: experts, perToken: perToken, devices: devices, routing)
    }
    // Two tokens reach 16 of 128 experts, of which every eighth device has two.
    #expect(load(2, 128, 8, 1, .balanced) == ExpertLoad(active: 16, tokens: 16))
    #expect(load(2, 128, 8, 8, .balanced) == ExpertLoad(active: 2, tokens: 2))
    #expect(load(4096, 128, 8, 8, .balanced) == ExpertLoad(active: 16, tokens: 4096))
    // 1 - (1 - 8 / 128)^64 of 128 experts.
    #expect(agree(load(64, 128, 8, 1, .uniform).active, 125.9418))
    #expect(load(64, 128, 8, 1, .among(8)) == ExpertLoad(active: 8, tokens: 512))
    #expect(load(64, 128, 8, 1, .powerLaw(1.2)) == ExpertLoad(active: 117, tokens: 512))
    let skewed = load(4096, 256, 8, 32, .powerLaw(1.01))
    #expect(skewed.active == 8 && agree(skewed.tokens, 2664.823))
    // Rounding leaves all eight choices of one token over: one for each device in turn, or all on the last.
    #expect(load(1, 256, 8, 8, .powerLaw(1.2)) == ExpertLoad(active: 1, tokens: 1))
    #expect(load(1, 256, 8, 8, .powerLaw(1.2, remainder: .toTheLast)) == ExpertLoad(active: 8, tokens: 8))
    #expect(load(1, 256, 8, 64, .powerLaw(1.2, remainder: .toTheLast)) == ExpertLoad(active: 4, tokens: 4))
    #expect(load(1, 256, 8, 1, .powerLaw(1.2)) == ExpertLoad(active: 8, tokens: 8))
    #expect(ExpertRouting.Remainder(framework: "vllm", version: "0.14.0") == .toTheLast)
    #expect(ExpertRouting.Remainder(framework: "vllm", version: "0.24.0") == .byTurns)
    // At an exponent of 1 and 2 the moments have other forms, which are those next to them.
    for exponent in [1.0, 2, 3] {
      let (here, beside) = (
        load(512, 64, 4, 8, .powerLaw(exponent)), load(512, 64, 4, 8, .powerLaw(exponent + 1e-5))
      )
      #expect(here.active == beside.active && abs(here.tokens / beside.tokens - 1) < 1e-3)
    }
    #expect(ExpertRouting("power_law_1.2") == .powerLaw(1.2) && ExpertRouting("") == .balanced)
    for word in ["power_law_", "power_law_-1", "power_law_nan", "activated_experts=0", "else"] {
      #expect(ExpertRouting(word) == nil, "\(word)")
    }
  }

  @Test func expertsOfALayer() throws {
    func time(_ tokens: Double, _ active: Double, _ choices: Double) throws -> Double {
      try microseconds(
        MixtureOfExperts.self,
        .init(
          tokens: tokens, hidden: 2048, inner: 768, perToken: 8, experts: 128,
          load: ExpertLoad(active: active, tokens: choices)))
    }
    #expect(agree(try time(1, 8, 8), 45.7341))
    #expect(agree(try time(4096, 128, 32_768), 1292.66))
    let shape = MixtureOfExperts.Shape(
      tokens: 1024, hidden: 4096, inner: 1536, perToken: 8, experts: 16, load: ExpertLoad(active: 8, tokens: 900))
    #expect(agree(try microseconds(MixtureOfExperts.self, shape, format: "fp8"), 166.547))
  }

  @Test func blocksOfExpertsByTable() throws {
    var chip = Self.chip
    chip.tunedExperts = [TunedExperts(experts: 8, inner: 7168)]
    let format = try #require(KernelFormat(named: "bf16"))
    let variants = MixtureOfExperts.variants(of: "vllm_fused_moe", in: format, on: chip)
    #expect(
      variants.count == 2 && MixtureOfExperts.variants(of: "vllm_fused_moe", in: format, on: Self.chip).count == 1)
    #expect(MixtureOfExperts.variants(of: "moe_torch_flow_cutlass", in: format, on: chip).count == 1)
    func time(_ inner: Double, _ chip: Chip) -> Double {
      let parameters = MixtureOfExperts.parameters(variants[1], format)
      let model = MixtureOfExperts(KernelValues(startsOf: parameters), variants[1], format, chip)
      return model.seconds(
        .init(
          tokens: 4096, hidden: 4096, inner: inner, perToken: 2, experts: 8,
          load: ExpertLoad(active: 8, tokens: 8192)), .cold)
    }
    // Arithmetic is nearly all of it, and default blocks reach 0.6 of the rate.
    #expect((1.5...1.7).contains(time(7168, Self.chip) / time(7168, chip)))
    #expect(time(3584, Self.chip) == time(3584, chip))
  }

  @Test func rowsOfExpertsThatCannotBe() {
    let good = [
      "tokens": "8", "hidden": "4096", "inter": "1536", "topk": "8", "experts": "128", "moe_tp": "1", "moe_ep": "8",
      "distribution": "balanced", "kernel": "cutlass_nongated",
    ]
    #expect((try? MixtureOfExperts.Shape(row(good)))?.isGated == false)
    for (column, text) in [
      ("topk", "129"), ("moe_ep", "256"), ("experts", "1e9"), ("experts", "0"), ("distribution", "odd"),
      ("tokens", "-1"),
    ] {
      var bad = good
      bad[column] = text
      #expect(throws: KernelRow.Fault.self, "\(column) \(text)") { try MixtureOfExperts.Shape(row(bad)) }
    }
  }
}
