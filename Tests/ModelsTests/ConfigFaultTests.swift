import Foundation
import Models
import Support
import Testing

@Suite struct ConfigFaultTests {
  func faults(_ text: String) -> [String] {
    do {
      _ = try Transformer(config: Data(text.utf8))
      return []
    } catch { return error.faults.map(\.description) }
  }

  @Test func whatIsNoObjectIsNamed() {
    #expect(faults("") == ["1:1: the file is not JSON: a value is missing"])
    #expect(faults("[1]") == ["the file holds no JSON object: it is a list"])
    #expect(faults("{\"a\":") == ["1:6: the file is not JSON: a value is missing"])
    #expect(faults("{\"a\": 1,\n \"b\" 2}") == ["2:6: the file is not JSON: ':' is missing"])
    #expect(faults("{} {}") == ["1:4: the file is not JSON: something follows the value"])
    #expect(
      faults(String(repeating: " ", count: 2 << 20)) == [
        "the file exceeds 1048576 bytes: a config.json is a page of text"
      ])
    #expect(
      faults(String(repeating: "[", count: 100_000)) == [
        "1:25: the file is not JSON: lists and objects stand more than 24 deep"
      ])
    #expect(faults("{\"a\": \"b\nc\"}").first?.hasSuffix("a line break or another control character") == true)
    #expect(faults("{\"a\": 01x}").first?.hasSuffix("'01x' is no value of JSON") == true)
    #expect(faults("{\"a\": \"\\x\"}").first?.hasSuffix("'\\' is followed by no escape of JSON") == true)
  }

  @Test func aFileOfOtherBytesIsRefused() {
    #expect(throws: ConfigError.self) { try Transformer(config: Data([0x7B, 0xFF, 0x7D])) }
  }

  @Test func unknownFamiliesListTheKnown() {
    let said = faults("{\n  \"model_type\": \"rwkv\"\n}")
    #expect(said.count == 1)
    #expect(
      said.first?.hasPrefix(
        "2:17: the architecture 'rwkv' is not understood: understood are llama, mistral, mistral3, llava, mixtral, ")
        == true)
    #expect(faults("{}").first?.hasPrefix("1:1: neither model_type nor architectures says what the model is") == true)
    #expect(faults(#"{"model_type":7}"#).first == "1:15: 'model_type' cannot be 7: it is a text")
  }

  @Test func allFaultsAtOnce() {
    let text = """
      {"model_type": "llama", "hidden_size": -1, "num_attention_heads": "many",
       "num_hidden_layers": 1e3,
       "intermediate_size": 99999999999999999999, "tie_word_embeddings": 1}
      """
    #expect(
      faults(text) == [
        "1:40: 'hidden_size' cannot be -1: it must lie in 1...131072",
        "2:23: 'num_hidden_layers' cannot be 1000.0: it is a whole number",
        "1:67: 'num_attention_heads' cannot be \"many\": it is a whole number",
        "3:23: 'intermediate_size' cannot be 1e+20: it is a whole number",
        "1:1: 'vocab_size' is missing: the shapes follow from it",
        "3:68: 'tie_word_embeddings' cannot be 1: it is true or false",
      ])
  }

  @Test func headsMustDivide() {
    let text = """
      {"model_type": "llama", "hidden_size": 4097, "num_attention_heads": 32, "num_key_value_heads": 5,
       "num_hidden_layers": 1, "intermediate_size": 1, "vocab_size": 1}
      """
    #expect(
      faults(text) == [
        "1:1: 32 attention heads do not divide the hidden size 4097: heads are equally wide",
        "1:1: 5 key-value heads do not divide the 32 attention heads: each serves as many query heads",
      ])
  }

  /// A key that is not known might be a feature that costs time; one that is switched off is none.
  @Test func unknownKeysAreRefusedUnlessTheyAreOff() throws {
    func llama(_ more: String) -> String {
      """
      {"model_type": "llama", "hidden_size": 64, "num_attention_heads": 2, "num_key_value_heads": 1,
       "num_hidden_layers": 1, "intermediate_size": 8, "vocab_size": 16, \(more)}
      """
    }
    let said = try #require(faults(llama(#""num_hidden_layer": 3"#)).first)
    #expect(said.hasPrefix("2:68: 'num_hidden_layer' is not understood in a model of family 'llama'"))
    #expect(said.contains("understood are architectures, attention_bias, "))
    #expect(faults(llama(#""num_hidden_layers": 3"#)).first?.contains("stands here a second time") == true)
    #expect(faults(llama(#""use_moe": true"#)).count == 1)
    for off in ["false", "null", "0", "0.0", "\"\"", "[]", "{}"] { #expect(faults(llama("\"use_moe\": \(off)")) == []) }
    for known in [#""hidden_act": "silu""#, #""bos_token_id": 1"#, #""rope_scaling": {"factor": 8.0}"#, #""_x": 1"#] {
      #expect(faults(llama(known)) == [])
    }
    #expect(faults(llama(#""time_step_limit": [0.0, Infinity], "layer_norm_eps": NaN"#)) == [])
  }

  @Test func fixesNameTheNearestKey() throws {
    let error = #expect(throws: ConfigError.self) {
      try Transformer(config: Data(#"{"model_type": "gpt2", "n_embed": 64}"#.utf8))
    }
    #expect(error?.faults.last?.fix == "did you mean 'n_embd'?")
  }

  @Test func expertsPerTokenCannotExceedExperts() {
    let text = """
      {"model_type": "mixtral", "hidden_size": 64, "num_attention_heads": 1, "num_key_value_heads": 1,
       "num_hidden_layers": 1, "intermediate_size": 1, "vocab_size": 1, "num_local_experts": 2,
       "num_experts_per_tok": 3}
      """
    #expect(faults(text) == ["3:25: 'num_experts_per_tok' cannot be 3: there are 2 experts"])
  }

  @Test func layersOfTwoWindowsAreRefused() {
    let text = """
      {"model_type": "qwen3", "hidden_size": 64, "num_attention_heads": 1, "num_key_value_heads": 1,
       "num_hidden_layers": 2, "intermediate_size": 1, "vocab_size": 1, "layer_types": ["full_attention"]}
      """
    #expect(
      faults(text).first?.hasSuffix(
        "it gives full_attention, sliding_attention or chunked_attention to each of 2 layers") == true)
  }

  /// Bounds keep every count of the largest model below 2^62.
  @Test(arguments: [
    """
    {"model_type": "mixtral", "hidden_size": 131072, "num_attention_heads": 16384, "num_key_value_heads": 16384,
     "head_dim": 64, "num_hidden_layers": 4096, "intermediate_size": 1048576, "vocab_size": 1073741824,
     "num_local_experts": 1024, "num_experts_per_tok": 1024}
    """,
    """
    {"model_type": "deepseek_v3", "hidden_size": 131072, "num_attention_heads": 64, "num_hidden_layers": 4096,
     "intermediate_size": 1048576, "vocab_size": 1073741824, "n_routed_experts": 1024, "num_experts_per_tok": 1024,
     "moe_intermediate_size": 1048576, "n_shared_experts": 1, "q_lora_rank": 131072, "kv_lora_rank": 131072,
     "qk_rope_head_dim": 8192, "qk_nope_head_dim": 8192, "v_head_dim": 16384}
    """,
    """
    {"model_type": "mamba2", "hidden_size": 131072, "num_heads": 16384, "head_dim": 64, "n_groups": 16384,
     "state_size": 16384, "num_hidden_layers": 4096, "vocab_size": 1073741824}
    """,
  ])
  func theLargestModelDoesNotOverflow(text: String) throws {
    let model = try Transformer(config: Data(text.utf8))
    #expect(model.parameters > 0 && model.parameters < 1 << 62)
    #expect(model.activeParameters <= model.parameters && model.cacheElementsPerToken >= 0)
    _ = try? EngineCost(model, device: .ideal)
  }

  @Test func widerHeadsThanBoundsAreRefused() {
    let text = """
      {"model_type": "llama", "hidden_size": 64, "num_attention_heads": 16384, "head_dim": 16384,
       "num_hidden_layers": 1, "intermediate_size": 1, "vocab_size": 1}
      """
    #expect(faults(text) == ["1:1: heads x head width is 268435456: it must not exceed 1048576"])
  }

  /// The class's three mixtures are more than these layers.
  @Test func aSwitchOfTwoLayersIsRead() throws {
    let text = """
      {"model_type": "switch_transformers", "d_model": 8, "num_heads": 2, "d_kv": 4, "d_ff": 8, "num_layers": 2,
       "num_experts": 4, "vocab_size": 9}
      """
    #expect(try Transformer(config: Data(text.utf8)).layers.count { $0.feedForward?.experts != nil } == 4)
  }

  @Test func damagedFilesNeverCrash() throws {
    var numbers = Numbers(state: 6)
    var understood = 0
    for id in Catalogue.ids {
      let text = try Catalogue.text(id)
      for _ in 0..<60 {
        var bytes = [UInt8](text)
        for _ in 0..<Int.random(in: 1...6, using: &numbers) {
          let place = Int.random(in: 0..<bytes.count, using: &numbers)
          switch Int.random(in: 0...2, using: &numbers) {
          case 0: bytes[place] = UInt8.random(in: 48...57, using: &numbers)
          case 1: bytes.remove(at: place)
          default: bytes.insert(contentsOf: Array("9999".utf8), at: place)
          }
        }
        guard let model = try? Transformer(config: Data(bytes)) else { continue }
        understood += 1
        #expect(model.parameters > 0)
        _ = try? EngineCost(model, device: .ideal)
      }
    }
    #expect(understood > 50)
  }
}
