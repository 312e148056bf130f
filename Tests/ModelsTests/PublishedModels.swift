/// A named model and its count of parameters as its makers, or the files they publish, give it.
struct PublishedModel {
  let id: String
  let parameters: Double
  let source: String

  init(_ id: String, _ parameters: Double, _ source: String) {
    self.id = id
    self.parameters = parameters
    self.source = source
  }

  /// "Files of X" is the sum over the tensors of the safetensors files of the Hugging Face repository X, as its page
  /// gives it. Rounded figures are those of papers and model cards.
  static let all: [PublishedModel] = [
    PublishedModel("llama-7b", 6_738_415_616, "files of huggyllama/llama-7b"),
    PublishedModel("llama-33b", 32_528_943_616, "files of huggyllama/llama-30b"),
    PublishedModel("llama-65b", 65_285_660_672, "files of huggyllama/llama-65b"),
    PublishedModel("llama-2-7b", 6_738_417_664, "files of meta-llama/Llama-2-7b-hf, rotary buffers included"),
    PublishedModel("llama-2-13b", 13_015_866_880, "files of meta-llama/Llama-2-13b-hf, rotary buffers included"),
    PublishedModel("llama-2-70b", 68_976_648_192, "files of meta-llama/Llama-2-70b-hf, rotary buffers left out"),
    PublishedModel("llama-3.1-8b", 8_030_261_248, "files of meta-llama/Llama-3.1-8B"),
    PublishedModel("llama-3.1-70b", 70_553_706_496, "files of meta-llama/Llama-3.1-70B"),
    PublishedModel("llama-3.1-405b", 405_853_388_800, "files of meta-llama/Llama-3.1-405B"),
    PublishedModel("llama-3.2-1b", 1_235_814_400, "files of meta-llama/Llama-3.2-1B"),
    PublishedModel("llama-3.2-3b", 3_212_749_824, "files of meta-llama/Llama-3.2-3B"),
    PublishedModel(
      "llama-4-scout", 108_641_793_536 - 871_932_416, "files of meta-llama/Llama-4-Scout-17B-16E less the vision model"),
    PublishedModel(
      "llama-4-maverick", 401_583_781_376 - 871_932_416,
      "files of meta-llama/Llama-4-Maverick-17B-128E less the vision model"),
    PublishedModel("tinyllama-1.1b", 1_100_048_384, "files of TinyLlama/TinyLlama-1.1B-Chat-v1.0"),
    PublishedModel("yi-34b", 34_388_917_248, "files of 01-ai/Yi-1.5-34B, of the same shape"),
    PublishedModel("mistral-7b", 7_241_732_096, "files of mistralai/Mistral-7B-v0.1"),
    PublishedModel("mistral-nemo-12b", 12_247_782_400, "files of mistralai/Mistral-Nemo-Instruct-2407"),
    PublishedModel("mixtral-8x7b", 46_702_792_704, "files of mistralai/Mixtral-8x7B-v0.1"),
    PublishedModel("mixtral-8x22b", 140_620_634_112, "files of mistral-community/Mixtral-8x22B-v0.1"),
    PublishedModel("qwen2-7b", 7_615_616_512, "files of Qwen/Qwen2-7B"),
    PublishedModel("qwen2.5-0.5b", 494_032_768, "files of Qwen/Qwen2.5-0.5B"),
    PublishedModel("qwen2.5-1.5b", 1_543_714_304, "files of Qwen/Qwen2.5-1.5B"),
    PublishedModel("qwen2.5-7b", 7_615_616_512, "files of Qwen/Qwen2.5-7B-Instruct"),
    PublishedModel("qwen2.5-72b", 72_706_203_648, "files of Qwen/Qwen2.5-72B-Instruct"),
    PublishedModel("qwen1.5-moe-a2.7b", 14_315_784_192, "files of Qwen/Qwen1.5-MoE-A2.7B"),
    PublishedModel("qwen3-0.6b", 596_049_920, "files of Qwen/Qwen3-0.6B, the tied head once"),
    PublishedModel("qwen3-8b", 8_190_735_360, "files of Qwen/Qwen3-8B"),
    PublishedModel("qwen3-32b", 32_762_123_264, "files of Qwen/Qwen3-32B"),
    PublishedModel("qwen3-30b-a3b", 30_532_122_624, "files of Qwen/Qwen3-30B-A3B"),
    PublishedModel("qwen3-235b-a22b", 235_093_634_560, "files of Qwen/Qwen3-235B-A22B"),
    PublishedModel("deepseek-moe-16b", 16_375_728_128, "files of deepseek-ai/deepseek-moe-16b-base"),
    PublishedModel("deepseek-v2-lite", 15_706_484_224, "files of deepseek-ai/DeepSeek-V2-Lite"),
    PublishedModel("deepseek-v2", 235_741_434_880, "files of deepseek-ai/DeepSeek-V2"),
    PublishedModel(
      "deepseek-v3", 671_026_419_200, "files of deepseek-ai/DeepSeek-V3, the MTP module and scales left out"),
    PublishedModel("kimi-k2", 1_026_408_232_448, "files of moonshotai/Kimi-K2-Instruct, scales left out"),
    PublishedModel("opt-6.7b", 6_658_473_984, "files of facebook/opt-6.7b"),
    PublishedModel("opt-175b", 175e9, "Zhang et al., OPT, 2022, table 1"),
    PublishedModel("bloom-7b1", 7_069_016_064, "model card of bigscience/bloom-7b1"),
    PublishedModel("bloom-176b", 176_247_271_424, "model card of bigscience/bloom"),
    PublishedModel("gpt2", 124_439_808, "parameters of openai-community/gpt2"),
    PublishedModel("gpt2-xl", 1_557_611_200, "parameters of openai-community/gpt2-xl"),
    PublishedModel("gpt-j-6b", 6_050_882_784, "model card of EleutherAI/gpt-j-6b"),
    PublishedModel("gpt-neox-20b", 20_554_567_680, "model card of EleutherAI/gpt-neox-20b"),
    PublishedModel("pythia-6.9b", 6_857_302_016, "Biderman et al., Pythia, 2023, repository's table of sizes"),
    PublishedModel(
      "falcon-7b", 7_217_189_760 - 65024 * 4544, "files of tiiuae/falcon-7b less their second copy of the embedding"),
    PublishedModel(
      "falcon-40b", 41_835_970_560 - 65024 * 8192, "files of tiiuae/falcon-40b less their second copy of the embedding"),
    PublishedModel("gemma-2b", 2_506_172_416, "files of google/gemma-2b"),
    PublishedModel("gemma-7b", 8_537_680_896, "files of google/gemma-7b"),
    PublishedModel("gemma-2-2b", 2_614_341_888, "files of google/gemma-2-2b"),
    PublishedModel("gemma-2-9b", 9_241_705_984, "files of google/gemma-2-9b"),
    PublishedModel("gemma-2-27b", 27_227_128_320, "files of google/gemma-2-27b"),
    PublishedModel("gemma-3-1b", 999_885_952, "files of google/gemma-3-1b-it"),
    PublishedModel(
      "gemma-3-4b", 4_300_079_472 - vision(2560), "files of google/gemma-3-4b-it less vision model and projector"),
    PublishedModel(
      "gemma-3-12b", 12_187_325_040 - vision(3840), "files of google/gemma-3-12b-it less vision model and projector"),
    PublishedModel(
      "gemma-3-27b", 27_432_406_640 - vision(5376), "files of google/gemma-3-27b-it less vision model and projector"),
    PublishedModel("phi-2", 2_779_683_840, "files of microsoft/phi-2"),
    PublishedModel("phi-3-mini", 3_821_079_552, "files of microsoft/Phi-3-mini-4k-instruct"),
    PublishedModel("phi-3-medium", 13_960_238_080, "files of microsoft/Phi-3-medium-4k-instruct"),
    PublishedModel("phi-3.5-moe", 41.9e9, "model card: 41.9B parameters"),
    PublishedModel("phi-4", 14_659_507_200, "files of microsoft/phi-4"),
    PublishedModel("phi-4-mini", 3_836_021_760, "files of microsoft/Phi-4-mini-instruct"),
    PublishedModel("t5-large", 737_668_096, "parameters of google-t5/t5-large"),
    PublishedModel("nllb-200-distilled-600m", 615_073_792, "parameters of facebook/nllb-200-distilled-600M"),
    PublishedModel("nllb-moe-54b", 54.5e9, "NLLB Team, No Language Left Behind, 2022: 54.5B"),
    PublishedModel("dbrx", 132e9, "model card: 132B total"),
    PublishedModel("gpt-oss-20b", 20_914_757_184, "model card of openai/gpt-oss-20b: 20.91B"),
    PublishedModel("gpt-oss-120b", 116_829_156_672, "model card of openai/gpt-oss-120b: 116.83B"),
    PublishedModel("mamba-codestral-7b", 7_285_403_648, "Mistral AI, Codestral Mamba, 2024"),
    PublishedModel("granite-4.0-h-small", 32_207_337_984, "files of ibm-granite/granite-4.0-h-small"),
    PublishedModel("olmo-7b", 6.89e9, "recalled: page of allenai/OLMo-7B-hf: 6.89B"),
    PublishedModel("olmo-2-7b", 7.3e9, "recalled: page of allenai/OLMo-2-1124-7B: 7.3B"),
    PublishedModel("olmoe-1b-7b", 6_919_161_856, "recalled: files of allenai/OLMoE-1B-7B-0924"),
    PublishedModel("granite-3.1-8b", 8.17e9, "recalled: page of ibm-granite/granite-3.1-8b-base: 8.17B"),
    PublishedModel("internlm2.5-7b", 7_737_708_544, "recalled: files of internlm/internlm2_5-7b"),
    PublishedModel("exaone-3.5-7.8b", 7_818_448_896, "recalled: files of LGAI-EXAONE/EXAONE-3.5-7.8B-Instruct"),
    PublishedModel("minicpm-2b", 2_724_880_896, "recalled: files of openbmb/MiniCPM-2B-sft-bf16"),
    PublishedModel("smollm3-3b", 3_075_098_624, "recalled: files of HuggingFaceTB/SmolLM3-3B"),
    PublishedModel("glm-4-9b", 9_399_951_360, "recalled: files of THUDM/glm-4-9b-chat-hf"),
    PublishedModel("glm-4-9b-0414", 9_400_279_040, "recalled: files of THUDM/GLM-4-9B-0414"),
    PublishedModel("command-r-35b", 34_980_831_232, "recalled: files of CohereForAI/c4ai-command-r-v01"),
    PublishedModel("command-r-plus-104b", 103_810_674_688, "recalled: files of CohereForAI/c4ai-command-r-plus"),
    PublishedModel("command-r7b", 8_028_033_024, "recalled: files of CohereForAI/c4ai-command-r7b-12-2024"),
    PublishedModel("stablelm-2-1.6b", 1_644_515_328, "recalled: files of stabilityai/stablelm-2-1_6b"),
    PublishedModel("starcoder2-3b", 3_030_371_328, "recalled: files of bigcode/starcoder2-3b"),
    PublishedModel("granite-3.1-3b-a800m", 3.3e9, "name and model card: 3.3B in all"),
    PublishedModel("baichuan2-7b", 7.5e9, "Yang et al., Baichuan 2, 2023: 7.5B with the larger vocabulary, recalled"),
    PublishedModel("resnet-50", 25_557_032, "torchvision 0.21, ResNet50_Weights.meta: num_params"),
    PublishedModel("llada-8b", 8.02e9, "Nie et al., LLaDA, 2025, table of sizes: 8.02B"),
    PublishedModel("bert-base", 109_482_240, "BertModel of google-bert/bert-base-uncased"),
    PublishedModel("bert-large", 335_141_888, "BertModel of google-bert/bert-large-uncased"),
  ]

  /// Parameters of Gemma 3's vision model of 416,866,032 and of its projector from 1152 to `hidden` with a norm.
  private static func vision(_ hidden: Double) -> Double { 416_866_032 + 1152 * hidden + 1152 }
}

/// Parameters that a token passes through, as published.
struct PublishedActive {
  let id: String
  /// As published, in billions.
  let billions: Double
  /// One unit of the last digit published: makers round and truncate.
  let digit: Double
  /// Whether the input embedding is counted.
  let embedding: Bool
  let source: String

  static let all = [
    PublishedActive(id: "mixtral-8x7b", billions: 12.9, digit: 0.1, embedding: true, source: "Jiang et al., 2024"),
    PublishedActive(id: "mixtral-8x22b", billions: 39, digit: 1, embedding: true, source: "Mistral AI, 2024"),
    PublishedActive(id: "qwen1.5-moe-a2.7b", billions: 2.7, digit: 0.1, embedding: true, source: "Qwen Team, 2024"),
    PublishedActive(id: "qwen2-57b-a14b", billions: 14, digit: 1, embedding: true, source: "Qwen2 report, 2024"),
    PublishedActive(id: "qwen3-30b-a3b", billions: 3.3, digit: 0.1, embedding: true, source: "model card"),
    PublishedActive(id: "qwen3-235b-a22b", billions: 22, digit: 1, embedding: true, source: "model card"),
    PublishedActive(id: "deepseek-moe-16b", billions: 2.8, digit: 0.1, embedding: true, source: "Dai et al., 2024"),
    PublishedActive(id: "deepseek-v2", billions: 21, digit: 1, embedding: false, source: "DeepSeek-V2, 2024"),
    PublishedActive(id: "deepseek-v2-lite", billions: 2.4, digit: 0.1, embedding: false, source: "DeepSeek-V2, 2024"),
    PublishedActive(id: "deepseek-v3", billions: 36.6, digit: 0.1, embedding: false, source: "README_WEIGHTS.md"),
    PublishedActive(id: "kimi-k2", billions: 32, digit: 1, embedding: false, source: "model card"),
    PublishedActive(id: "llama-4-scout", billions: 17, digit: 1, embedding: true, source: "model card"),
    PublishedActive(id: "llama-4-maverick", billions: 17, digit: 1, embedding: true, source: "model card"),
    PublishedActive(id: "phi-3.5-moe", billions: 6.6, digit: 0.1, embedding: true, source: "model card"),
    PublishedActive(id: "dbrx", billions: 36, digit: 1, embedding: true, source: "model card"),
    PublishedActive(id: "gpt-oss-20b", billions: 3.61, digit: 0.01, embedding: false, source: "model card"),
    PublishedActive(id: "gpt-oss-120b", billions: 5.13, digit: 0.01, embedding: false, source: "model card"),
    PublishedActive(id: "granite-4.0-h-small", billions: 9, digit: 1, embedding: true, source: "model card"),
  ]
}
