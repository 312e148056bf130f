import Hardware
import Units

extension KeyTable {
  static func cluster(_ policies: PolicyCatalogue) -> [Key] {
    let pool = pool(policies)
    return [
      Key("defaults", .section(pool), "Settings that are laid under every pool."),
      Key("pools", .entries(named: "", .section(pool)), "Groups of equal replicas by name."),
      Key("links", .list(.section(poolLink)), "What joins every two replicas of the pools named, in both directions."),
    ]
  }

  private static func pool(_ policies: PolicyCatalogue) -> [Key] {
    [
      Key(
        "device", .either([.name(.device), .open]),
        "A device of the catalogue, or devices/NAME.yaml beside the scenario; or {like: NAME, ...} with other numbers."),
      Key("replicas", .count(1...PoolSection.replicaLimit), "How many engines serve."),
      Key("data-parallel", .count(1...1_000), "Engines of each replica; it multiplies the replicas."),
      Key("beside", .list(.section(beside)), "Devices of the same chip that take a share of every product."),
      Key(
        "memory-users", .count(1...SharedMemorySection.userLimit),
        "Devices of the chip that read its memory all the time, this one included."),
      Key(
        "place", .either([.section(place), .oneOf(policies.placeOptions)]),
        "Where weights and KV cache stand, if not in the devices' memory, or a policy that places every step."),
      Key("stage-link", .name(.link), "What joins two stages, where it is not what joins the devices."),
      Key("expert-link", .name(.link), "What joins the devices of experts, where it is not what joins the devices."),
      Key("precision", .section(formats), "Formats in place of the model's; the KV cache keeps its own."),
      Key("kv-cache", .section(cache(policies)), "The memory of keys and values."),
      Key("limits", .section(limits), "What a step may hold at most."),
      Key("preemption", .oneOf(preemption), "What happens to a sequence that the cache has no room for."),
      Key(
        "scheduling", .choice(["between", "ahead"]),
        "When a step is composed: after the one before it, or while that runs, so that what arrives meanwhile waits for the step after."
      ),
      Key("batch", .oneOf(policies.batchOptions), "What a step of these engines holds, in place of policy.batch."),
      Key(
        "kernels", .either([.text, .section(framework)]),
        "The framework whose measured kernels operators run as; the device's roofline unless given."),
      Key("host", .section(host), "Times of the host that drives the devices; the device's file's unless given."),
      Key("free-operators", .list(.name(.operator)), "Operators that cost nothing, to ask what they cost now."),
      Key("power", .section(power), "Watts of one replica; the devices' unless given."),
      Key("price", .quantity(Price.self), "Price of one replica; the devices' unless given."),
    ] + layout
  }

  /// How a model lies over devices.
  static let layout = [
    Key("tensor-parallel", .count(1...1024), "Devices that share every layer."),
    Key("pipeline-parallel", .count(1...64), "Stages that share the layers out."),
    Key("expert-parallel", .count(1...1024), "Parts that the experts of a layer are spread over."),
    Key(
      "data-parallel-attention", .count(1...1024),
      "Groups of devices with sequences, and all weights but the experts', of their own."),
    Key("expert-skew", .number(1...1024), "Tokens of the part with the most to compute over those of the mean one."),
  ]

  private static let framework = [
    Key(
      "framework", .either([.text, .list(.text)]),
      "The framework, such as vllm; of several the first that a kernel was measured with.", isRequired: true),
    Key("device", .name(.device), "The device that was measured, where it is not the pool's own."),
    Key(
      "activation-scales", .choice(["dynamic", "static"]),
      "Whether products quantise their activations, or the operator before does by scales known before."),
  ]

  private static let host = [
    Key("per-step", .quantity(Seconds.self), "Between two steps, while the device waits."),
    Key("per-sequence", .quantity(Seconds.self), "For each token that is sampled, while the device waits."),
    Key("prefill-dispatch", .quantity(Seconds.self), "To issue a step with prompts, which takes no less."),
    Key("decode-dispatch", .quantity(Seconds.self), "To issue a step without prompts, which takes no less."),
    Key(
      "eager", .list(.choice(EagerPart.allCases.map(\.rawValue))),
      "What runs as the separate kernels of PyTorch, each of which reads and writes memory."),
  ]

  private static let beside = [
    Key("device", .name(.device), "A device that names the same memory group.", isRequired: true),
    Key("share", .quantity(Fraction.self), "Its share of the columns of every product.", isRequired: true),
    Key("hand-over", .quantity(Seconds.self), "After each product until both may go on; the device's unless given."),
  ]

  private static let place = ["weights", "kv-cache"].map {
    Key($0, .either([.name(.tier), .section(stream)]), "A tier, or a tier with how it is read.")
  }

  private static let stream = [
    Key("tier", .name(.tier), "A tier of the catalogue, or tiers/NAME.yaml beside the scenario.", isRequired: true),
    Key("drives", .count(1...1024), "How many of it the devices of a replica share."),
    Key("link", .name(.link), "What each device reads it over; its host link unless given."),
    Key("request", .quantity(Memory.self), "What one request reads."),
    Key("depth", .count(1...Tier.depthLimit), "Requests in flight to each drive."),
  ]

  private static func cache(_ policies: PolicyCatalogue) -> [Key] {
    cache + [
      Key(
        "prefix-cache", .oneOf(policies.evictOptions),
        "Keeps what prompts have in common, and says which blocks leave when room is needed.")
    ]
  }

  private static let cache = [
    Key("block", .count(1...65_536), "Tokens of a block."),
    Key("memory-utilization", .quantity(Fraction.self), "The share of a device's memory that may be used."),
    Key("reserved", .quantity(Memory.self), "Memory of a device that the runtime and its libraries take."),
    Key("watermark", .quantity(Fraction.self), "The share of blocks that admission leaves free."),
    Key("capacity", .quantity(TokenCount.self), "Tokens that fit, in place of what the memory gives."),
  ]

  private static let limits = [
    Key("max-sequences", .count(1...PoolSection.sequenceLimit), "Sequences of a step."),
    Key("max-batch-tokens", .count(1...1_000_000), "Tokens of a step."),
  ]

  private static let preemption = [
    Alternative("recompute", "It is computed again from its prompt."),
    Alternative(
      "swap", "Its keys and values go to the host and come back.",
      settings: [
        Key("bandwidth", .quantity(Bandwidth.self), "Of the way to the host; the devices' host links unless given."),
        Key("latency", .quantity(Seconds.self), "Of the way to the host."),
      ]),
  ]

  private static let power = [
    Key("idle", .quantity(Power.self), "While nothing is computed."),
    Key("prefill", .quantity(Power.self), "While prompts are computed."),
    Key("decode", .quantity(Power.self), "While tokens are decoded."),
  ]

  private static let poolLink = [
    Key("between", .list(.name(.pool)), "The pools that it joins.", isRequired: true),
    Key("link", .name(.link), "A link of the catalogue, or links/NAME.yaml beside the scenario."),
    Key("bandwidth", .quantity(Bandwidth.self), "Of one port; the link's unless given."),
    Key("latency", .quantity(Seconds.self), "Of a transfer; the link's unless given."),
    Key("ports", .count(1...1024), "Ports that a replica has."),
    Key("mode", .choice(["layerwise", "serialized"]), "Whether keys and values leave layer by layer or at the end."),
  ]
}

extension PolicyCatalogue {
  /// The routing policies in alphabetical order.
  public var routeOptions: [Alternative] { Self.options(routes) }
  /// The batch policies in alphabetical order.
  public var batchOptions: [Alternative] { Self.options(batches) }

  /// The policies of prefix caches in alphabetical order, and that there is none.
  public var evictOptions: [Alternative] {
    Self.options(prefixEvicts) + [Alternative(PrefixCacheSection.none, "Every prompt is computed whole.")]
  }

  /// The placement policies in alphabetical order; their settings are theirs to say.
  public var placeOptions: [Alternative] {
    places.keys.sorted().compactMap { name in places[name].map { Alternative(name, $0.summary, settings: nil) } }
  }

  private static func options<Policy>(_ listings: [String: Listing<Policy>]) -> [Alternative] {
    listings.keys.sorted().compactMap { name in
      listings[name].map { Alternative(name, $0.summary, settings: $0.settings) }
    }
  }
}
