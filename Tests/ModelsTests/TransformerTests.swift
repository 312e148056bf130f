import Foundation
import Hardware
import Models
import Testing

@Suite struct TransformerTests {
  @Test(arguments: [
    ("llama-2-7b", 6_738_415_616), ("llama-2-70b", 68_976_648_192), ("llama-3.1-8b", 8_030_261_248),
    ("llama-3.1-70b", 70_553_706_496), ("bloom-176b", 176_247_271_424), ("mixtral-8x7b", 46_702_792_704),
  ])
  func parametersOfTheCatalogue(id: String, parameters: Int) throws {
    #expect(try Catalogue.model(id).parameters == parameters)
  }

  @Test func parametersOfOtherFamilies() throws {
    let gpt2 = #"{"model_type":"gpt2","n_embd":768,"n_layer":12,"n_head":12,"n_positions":1024,"vocab_size":50257}"#
    #expect(try read(gpt2).parameters == 124_439_808)
    let opt = """
      {"model_type":"opt","hidden_size":4096,"ffn_dim":16384,"num_hidden_layers":32,"num_attention_heads":32,
       "vocab_size":50272,"max_position_embeddings":2048,"word_embed_proj_dim":4096}
      """
    #expect(try read(opt).parameters == 6_658_473_984)
    let falcon = """
      {"model_type":"falcon","hidden_size":4544,"num_hidden_layers":32,"num_attention_heads":71,"vocab_size":65024,
       "multi_query":true,"parallel_attn":true,"bias":false,"new_decoder_architecture":false}
      """
    #expect(try read(falcon).parameters == 6_921_720_704)
    #expect(try attention(falcon).kvHeads == 1)
    let mistral = """
      {"architectures":["MistralForCausalLM"],"hidden_size":4096,"intermediate_size":14336,"num_hidden_layers":32,
       "num_attention_heads":32,"num_key_value_heads":8,"vocab_size":32000,"sliding_window":4096}
      """
    #expect(try read(mistral).parameters == 7_241_732_096)
    #expect(try attention(mistral).window == 4096)
    let qwen2 = """
      {"model_type":"qwen2","hidden_size":3584,"intermediate_size":18944,"num_hidden_layers":28,
       "num_attention_heads":28,"num_key_value_heads":4,"vocab_size":152064,"sliding_window":131072,
       "use_sliding_window":false,"tie_word_embeddings":false}
      """
    #expect(try read(qwen2).parameters == 7_615_616_512)
    #expect(try attention(qwen2).window == nil)
  }

  @Test func activeParametersOfAMixture() throws {
    // 46.70 B without 6 of 8 experts in 32 layers: 46,702,792,704 - 32 * 6 * 3 * 4096 * 14336
    #expect(try Catalogue.model("mixtral-8x7b").activeParameters == 12_879_925_248)
    #expect(try Catalogue.model("llama-2-7b").activeParameters == 6_738_415_616)
  }

  @Test func cacheBytesPerToken() throws {
    // 2 (K, V) * 80 layers * 8 heads * 128 * 2 B
    #expect(try Catalogue.model("llama-2-70b").cacheBytesPerToken(.fp16) == 327_680)
    // 2 * 70 layers * 112 heads * 128 * 2 B
    #expect(try Catalogue.model("bloom-176b").cacheBytesPerToken(.fp16) == 4_014_080)
    #expect(try Catalogue.model("llama-2-70b").cacheBytesPerToken(.fp8) == 163_840)
  }

  @Test func publishedFormats() throws {
    #expect(try Catalogue.model("llama-2-70b").publishedFormat == .fp16)
    #expect(try Catalogue.model("mixtral-8x7b").publishedFormat == .bf16)
  }

  func read(_ text: String) throws -> Transformer { try Transformer(config: Data(text.utf8)) }

  func attention(_ text: String) throws -> Attention {
    var found: Attention?
    if case .attention(let attention)? = try read(text).layers.first?.mixer { found = attention }
    return try #require(found)
  }
}
