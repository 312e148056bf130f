import Foundation
import Hardware
import Models
import Support
import Testing

/// What a family's keys mean for its layers.
@Suite struct FamilyTests {
  func read(_ text: String) throws -> Transformer { try Transformer(config: Data(text.utf8)) }

  func attention(_ layer: Layer) throws -> Attention {
    var found: Attention?
    if case .attention(let attention)? = layer.mixer { found = attention }
    return try #require(found)
  }

  func windows(_ model: Transformer) throws -> [Int?] { try model.layers.map { try attention($0).window } }

  @Test func everyShippedModelIsRead() throws {
    #expect(Catalogue.ids.count >= 85)
    for id in Catalogue.ids { #expect(try Catalogue.model(id).parameters > 0) }
  }

  @Test func llama4InterleavesMixturesAndWindows() throws {
    let model = try Catalogue.model("llama-4-maverick")
    // Every second layer is a mixture, the first is not; every fourth sees the whole context.
    #expect(model.layers.prefix(4).map { $0.feedForward?.experts == nil } == [true, false, true, false])
    #expect(model.layers[0].feedForward?.width == 16_384)
    #expect(model.layers[1].feedForward?.experts?.sharedWidth == 8192)
    #expect(try windows(model).prefix(4) == [8192, 8192, 8192, nil])
    #expect(model.layers.count { $0.feedForward?.experts == nil } == 24)
  }

  @Test func gemmaAlternates() throws {
    #expect(try windows(Catalogue.model("gemma-2-9b")).prefix(4) == [4096, nil, 4096, nil])
    let third = try Catalogue.model("gemma-3-27b")
    #expect(try windows(third).prefix(7) == [1024, 1024, 1024, 1024, 1024, nil, 1024])
    #expect(third.layers.allSatisfy { $0.norms == 4 } && third.tiedEmbeddings)
    // What gemma-3-4b's file leaves out are the defaults of its class, and said to be.
    let small = try Catalogue.model("gemma-3-4b")
    let heads = try attention(small.layers[0])
    #expect(heads.heads == 8 && heads.kvHeads == 4 && heads.headDimension == 256 && small.vocabulary == 262_208)
    let note = try #require(small.notes.first { $0.key == "text_config.head_dim" })
    #expect(note.isDefault && note.value == "256" && note.why == "Gemma3TextConfig")
  }

  @Test func gptOSSAlternatesAndIsQuantised() throws {
    let model = try Catalogue.model("gpt-oss-20b")
    #expect(try windows(model).prefix(3) == [128, nil, 128])
    #expect(try attention(model.layers[0]).sinks)
    #expect(model.publishedFormat == .bf16 && model.quantization?.weights == .mxfp4)
  }

  @Test func qwenWindowsStartAtALayer() throws {
    let text = """
      {"model_type": "qwen2", "hidden_size": 64, "num_attention_heads": 2, "num_key_value_heads": 1,
       "num_hidden_layers": 4, "intermediate_size": 8, "vocab_size": 16, "use_sliding_window": true,
       "sliding_window": 32, "max_window_layers": 3, "max_position_embeddings": 128}
      """
    #expect(try windows(read(text)) == [nil, nil, nil, 32])
    // A window as long as the longest context hides nothing.
    #expect(try windows(read(text.replacing("32,", with: "128,"))) == [nil, nil, nil, nil])
  }

  @Test func qwenMixturesMaySkipLayers() throws {
    let text = """
      {"model_type": "qwen3_moe", "hidden_size": 64, "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 32,
       "num_hidden_layers": 6, "intermediate_size": 8, "vocab_size": 16, "num_experts": 4, "num_experts_per_tok": 2,
       "moe_intermediate_size": 4, "decoder_sparse_step": 2, "mlp_only_layers": [3]}
      """
    #expect(try read(text).layers.map { $0.feedForward?.experts == nil } == [true, false, true, true, true, false])
  }

  @Test func deepSeekStartsDense() throws {
    let model = try Catalogue.model("deepseek-v3")
    #expect(model.layers.prefix(4).map { $0.feedForward?.width } == [18_432, 18_432, 18_432, 2048])
    #expect(model.quantization?.weights.description == "fp8-g16384-sfp32-z0")
    #expect(model.notes.contains { $0.key == "num_nextn_predict_layers" && !$0.isDefault })
  }

  @Test func hybridsPlaceTheirAttention() throws {
    func places(_ id: String) throws -> [Int] {
      let layers = try Catalogue.model(id).layers
      return layers.indices.filter { if case .attention? = layers[$0].mixer { true } else { false } }
    }
    #expect(try places("bamba-9b") == [9, 18, 27])
    #expect(try places("granite-4.0-h-tiny") == [5, 15, 25, 35])
    #expect(try places("nemotron-h-8b") == [7, 18, 29, 40])
    #expect(try Catalogue.model("nemotron-h-8b").layers.count { $0.mixer == nil } == 24)
  }

  @Test func switchSpacesItsMixtures() throws {
    let model = try Catalogue.model("switch-base-8")
    #expect(model.layers.prefix(12).map(\.role) == Array(repeating: .encoder, count: 12))
    #expect(model.layers.suffix(12).map(\.role) == Array(repeating: .crossDecoder, count: 12))
    // Six of twelve: layers 1, 3, 5, 7, 9 and 11.
    let sparse = model.layers.prefix(12).indices.filter { model.layers[$0].feedForward?.experts != nil }
    #expect(sparse == [1, 3, 5, 7, 9, 11])
    let nllb = try Catalogue.model("nllb-moe-54b")
    #expect(
      nllb.layers.prefix(24).indices.filter { nllb.layers[$0].feedForward?.experts != nil } == [3, 7, 11, 15, 19, 23])
  }

  @Test func othersSayHowTheyDecode() throws {
    #expect(try Catalogue.model("llada-8b").decoding == .blockDiffusion(block: 32))
    #expect(try Catalogue.model("bert-base").decoding == .encoder)
    #expect(try attention(Catalogue.model("bert-base").layers[0]).bidirectional)
  }

  /// A file of a model that nobody has made, with what a training script might leave in it.
  @Test func anUnfamiliarFileOfAKnownFamilyRuns() throws {
    let text = """
      {"_name_or_path": "me/mine", "architectures": ["LlamaForCausalLM"], "attention_bias": false,
       "attention_dropout": 0.0, "bos_token_id": 1, "eos_token_id": [2, 3], "head_dim": 80, "hidden_act": "silu",
       "hidden_size": 1920, "initializer_range": 0.02, "intermediate_size": 5120, "max_position_embeddings": 16384,
       "mlp_bias": false, "model_type": "llama", "num_attention_heads": 24, "num_hidden_layers": 30,
       "num_key_value_heads": 6, "pretraining_tp": 1, "rms_norm_eps": 1e-05,
       "rope_scaling": {"factor": 8.0, "rope_type": "llama3"}, "rope_theta": 500000.0, "tie_word_embeddings": true,
       "torch_dtype": "bfloat16", "transformers_version": "4.46.0", "use_cache": true, "vocab_size": 65536}
      """
    let model = try read(text)
    // Attention 1920 * (1920 + 2 * 480) + 1920 * 1920, block 3 * 1920 * 5120, two norms; tied embedding, last norm.
    let layer = 1920 * 2880 + 1920 * 1920 + 3 * 1920 * 5120 + 2 * 1920
    #expect(model.parameters == 30 * layer + 65_536 * 1920 + 1920)
    let engine = try EngineCost(model, device: .ideal)
    #expect(engine.cost.interval(of: StepShape(decodes: 4, context: 4000)).picoseconds > 0)
  }
}
