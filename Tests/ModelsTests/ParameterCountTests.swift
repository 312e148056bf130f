import Foundation
import Hardware
import Models
import Support
import Testing

/// The shipped models against what their makers publish.
@Suite struct ParameterCountTests {
  @Test func theTableIsOfDifferentModels() {
    #expect(PublishedModel.all.count >= 60)
    #expect(Set(PublishedModel.all.map(\.id)).count == PublishedModel.all.count)
    #expect(PublishedModel.all.allSatisfy { $0.source.count >= 8 })
  }

  @Test(arguments: PublishedModel.all.map(\.id))
  func parametersAreThosePublished(id: String) throws {
    let published = try #require(PublishedModel.all.first { $0.id == id })
    let ours = Double(try Catalogue.model(id).parameters)
    #expect(abs(ours / published.parameters - 1) <= 0.005, "\(id): \(ours), published \(published.parameters)")
  }

  /// Counts that files give to the last digit are met to the last digit; Llama 2's files hold rotary buffers too.
  @Test func countsOfFilesAreExact() throws {
    for published in PublishedModel.all where published.source.hasPrefix("files of") {
      let isBuffered = published.source.contains("buffers included")
      let ours = Double(try Catalogue.model(published.id).parameters)
      #expect(abs(ours - published.parameters) <= (isBuffered ? 4096 : 0), "\(published.id)")
    }
  }

  @Test(arguments: PublishedActive.all.map(\.id))
  func activeParametersAreThosePublished(id: String) throws {
    let published = try #require(PublishedActive.all.first { $0.id == id })
    let model = try Catalogue.model(id)
    let embedding = published.embedding ? 0 : model.vocabulary * model.hidden
    let ours = Double(model.activeParameters - embedding) / 1e9
    #expect(abs(ours - published.billions) < published.digit, "\(id): \(ours)")
  }

  /// Two operations for each active parameter but the looked-up embedding: DeepSeek-V3 2 * 36.6e9, and Llama-2-7B
  /// 2 * (6,738,415,616 - 32000 * 4096).
  @Test func operationsPerToken() throws {
    #expect(try Catalogue.model("llama-2-7b").operationsPerToken == 2 * (6_738_415_616 - 131_072_000))
    #expect(abs(Double(try Catalogue.model("deepseek-v3").operationsPerToken) / 73.2e9 - 1) < 0.002)
    // Tied: the head multiplies, the lookup does not. 2 * (1,235,814,400 - 0).
    #expect(try Catalogue.model("llama-3.2-1b").operationsPerToken == 2 * 1_235_814_400)
  }

  /// What the operators of a step compute, attention to the context left out, is two operations for each parameter
  /// a token passes through, but for norms and biases.
  @Test func operatorsComputeWhatParametersSay() throws {
    var checked = 0
    for id in Catalogue.ids {
      let model = try Catalogue.model(id)
      guard model.decoding == .autoregressive, model.layers.allSatisfy({ $0.role == .decoder }) else { continue }
      let isAttention = model.layers.allSatisfy {
        if case .attention? = $0.mixer { true } else { false }
      }
      var plan = MemoryPlan()
      plan.blocks = 1
      guard isAttention, let engine = try? EngineCost(model, device: .ideal, plan: plan) else { continue }
      let operators = engine.cost.operators(of: StepShape(decodes: 1, context: 1))
      let products = operators.filter { $0.name != "attention.decode" }.reduce(0) { $0 + $1.operations }
      #expect(abs(products / Double(model.operationsPerToken) - 1) < 0.002, "\(id)")
      checked += 1
    }
    #expect(checked >= 50)
  }
}

/// Cached bytes of a token in 16 bits, worked by hand: 2 (keys and values) * layers * key-value heads * width * 2 B.
@Suite struct CacheBytesTests {
  @Test(arguments: [
    ("llama-2-7b", 524_288),  // 2 * 32 * 32 * 128 * 2
    ("llama-3.1-8b", 131_072),  // 2 * 32 * 8 * 128 * 2
    ("llama-3.1-405b", 516_096),  // 2 * 126 * 8 * 128 * 2
    ("llama-4-maverick", 196_608),  // 2 * 48 * 8 * 128 * 2, windowed layers hold the whole context too
    ("mixtral-8x7b", 131_072),  // 2 * 32 * 8 * 128 * 2
    ("qwen2.5-7b", 57_344),  // 2 * 28 * 4 * 128 * 2
    ("qwen3-30b-a3b", 98_304),  // 2 * 48 * 4 * 128 * 2
    ("bloom-176b", 4_014_080),  // 2 * 70 * 112 * 128 * 2
    ("opt-175b", 4_718_592),  // 2 * 96 * 96 * 128 * 2
    ("falcon-7b", 8192),  // 2 * 32 * 1 * 64 * 2
    ("gemma-2-27b", 376_832),  // 2 * 46 * 16 * 128 * 2
    ("gpt-oss-120b", 73_728),  // 2 * 36 * 8 * 64 * 2
    ("deepseek-v2-lite", 31_104),  // 27 * (512 + 64) * 2: one latent vector, not two of heads
    ("deepseek-v3", 70_272),  // 61 * (512 + 64) * 2; the V3 paper's 70.3 kB
    ("mamba-codestral-7b", 0),  // no attention
    ("bamba-9b", 12_288),  // 2 * 3 layers of attention * 8 * 128 * 2
    ("nemotron-h-8b", 16_384),  // 2 * 4 * 8 * 128 * 2
    ("nllb-moe-54b", 196_608),  // 2 * 24 layers of the decoder * 16 * 128 * 2
  ])
  func bytesOfAToken(id: String, bytes: Double) throws {
    #expect(try Catalogue.model(id).cacheBytesPerToken(.bf16) == bytes)
  }
}
