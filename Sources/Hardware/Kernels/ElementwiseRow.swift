/// What rows of measurements say of elementwise operators.
enum ElementwiseRow {
  /// The words of public measurements.
  static let operators = [
    "act_fn", "add", "attn_rope", "emb", "embedding", "final_layernorm", "input_layernorm", "layernorm", "mlp_act",
    "post_attention_layernorm", "post_layernorm", "qk_norm", "rope", "rotary_emb", "sampler",
  ]

  /// 16-bit elements that a row of the operator reads and writes.
  static func elements(_ row: KernelRow) throws(KernelRow.Fault) -> Double {
    switch row.text("op") ?? "" {
    case "act_fn", "mlp_act":
      // A gated activation reads two and writes one.
      let arrays = heads(row)?.isGated == false ? 2.0 : 3.0
      return arrays * (try row.count("inter"))
    case "rope", "rotary_emb", "attn_rope", "qk_norm":
      let shards = try row.count("tp")
      guard let heads = heads(row) else {
        throw KernelRow.Fault(
          column: "model", why: "the heads of '\((row.text("model") ?? "").prefix(60))' are not known")
      }
      return 2 * (heads.queries + max(heads.keys, shards)) * heads.size / shards
    case "emb", "embedding": return 2 * (try row.count("hidden"))
    case "add": return 3 * (try row.count("hidden"))
    // Logits are held in 32 bits.
    case "sampler": return 2 * (try row.count("hidden"))
    // A norm with its residual reads two and writes two.
    default: return 4 * (try row.count("hidden"))
    }
  }

  private typealias Heads = (queries: Double, keys: Double, size: Double, isGated: Bool)

  /// The heads of the models that public measurements name and do not describe. Source: their config.json.
  private static let models: [String: Heads] = [
    "CodeLlama-34b-Instruct-hf": (64, 8, 128, true), "Llama-2-70b-hf": (64, 8, 128, true),
    "Llama-2-7b-hf": (32, 32, 128, true), "Llama-3.1-70B": (64, 8, 128, true), "Llama-3.1-8B": (32, 8, 128, true),
    "Meta-Llama-3-70B": (64, 8, 128, true), "Meta-Llama-3-8B": (32, 8, 128, true),
    "Mixtral-8x7B-v0.1": (32, 8, 128, true), "Qwen-72B": (64, 64, 128, true),
    "Qwen3-30B-A3B-Instruct-2507": (32, 4, 128, true), "Qwen3-32B": (64, 8, 128, true),
    "internlm-20b": (40, 40, 128, true), "phi-2": (32, 32, 80, false),
  ]

  private static func heads(_ row: KernelRow) -> Heads? {
    let name = row.text("model") ?? ""
    return models[name.split(separator: "/").last.map(String.init) ?? name]
  }
}
