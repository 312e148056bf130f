import Cluster
import Policies
import Units

extension PolicyCatalogue {
  /// The policies that ship with Medley.
  public static let standard: PolicyCatalogue = {
    var catalogue = PolicyCatalogue()
    catalogue.addRoute(RoundRobin.self, "Each request to the next replica in turn.", settings: []) { _, _ in
      RoundRobin()
    }
    catalogue.addRoute(
      LeastLoaded.self, "The replica with the fewest unfinished requests.", settings: []
    ) { _, _ in LeastLoaded() }
    catalogue.addRoute(
      JoinShortestQueue.self, "The replica with the fewest pending tokens: a prompt counts its tokens, a decode 1.",
      settings: []
    ) { _, _ in JoinShortestQueue() }
    catalogue.addRoute(
      PowerOfTwo.self, "Of two replicas drawn at random the one with fewer unfinished requests.", settings: []
    ) { _, context in PowerOfTwo(seed: context.seed) }
    catalogue.addRoute(
      PhaseSplit.self, "Prompts to one pool and decodes to another, with a mixed pool and borrowing for the overflow.",
      settings: [
        Key("prefill", .name(.pool), "The pool that prompts go to.", isRequired: true),
        Key("decode", .name(.pool), "The pool that decodes go to.", isRequired: true),
        Key("mixed", .name(.pool), "A pool that helps both."),
        Key("overflow-tokens", .count(1...1_000_000_000), "Pending tokens from which on a request overflows."),
        Key("borrow", .flag, "Whether replicas of the other pool help with the overflow."),
        Key("decodes-wait", .flag, "Whether decodes that fit nowhere wait for the decode pool."),
      ], read: phaseSplit)
    catalogue.addBatch(PrefillFirst.self, "Whole prompts before decodes.", settings: []) { _, _ in PrefillFirst() }
    catalogue.addBatch(
      DecodeFirst.self, "A number of decode steps between two prefill steps.",
      settings: [Key("decode-steps", .count(1...1_000_000), "Decode steps between two prefill steps.")]
    ) { fields, _ in
      fields.count("decode-steps", in: 1...1_000_000, default: 8, because: "DecodeFirst")
        .map { DecodeFirst(decodeSteps: $0) }
    }
    catalogue.addBatch(
      ChunkedPrefill.self, "Every step decodes and fills a token budget with chunks of prompts.",
      settings: [Key("token-budget", .count(1...1_000_000), "Tokens of a step.")]
    ) { fields, _ in
      fields.count("token-budget", in: 1...1_000_000, default: 512, because: "Sarathi-Serve, Agrawal et al., OSDI 2024")
        .map { ChunkedPrefill(tokenBudget: $0) }
    }
    catalogue.addBatch(
      InFlight.self, "Every step decodes, and takes whole prompts within the engine's limit of tokens.",
      settings: [
        Key("hold-steps", .count(0...10_000), "Most steps for which prompts are held back while others decode."),
        Key("hold-until", .quantity(Fraction.self), "The share of a step's tokens that ends the wait."),
      ]
    ) { fields, _ in
      guard fields.has("hold-steps") || fields.has("hold-until") else { return InFlight() }
      guard
        let steps = fields.count(
          "hold-steps", in: 0...10_000, default: 0, because: "TensorRT-LLM: batch_wait_timeout_iters"),
        let share = fields.quantity(
          "hold-until", Fraction.self, in: Fraction(0)...Fraction(1), default: Fraction(1),
          because: "all of them")
      else { return nil }
      return InFlight(holdSteps: steps, holdUntil: share.value)
    }
    catalogue.addBatch(
      PromptsInStep.self, "Whole prompts in the next step, decodes beside them where its tokens leave room for both.",
      settings: [Key("missed-steps", .count(1...10_000), "Most steps in a row that decodes miss.")]
    ) { fields, _ in
      fields.count(
        "missed-steps", in: 1...10_000, default: 4, because: "Splitwise's artifact at 8f99e7d: max_preemptions"
      )
      .map { PromptsInStep(missedSteps: $0) }
    }
    catalogue.addBatch(
      StaticBatch.self, "A batch is formed when nothing runs, and nobody joins until it has ended.", settings: []
    ) { _, _ in StaticBatch() }
    catalogue.addEvict(
      LeastRecentlyUsed.self, "The block whose last use is longest ago leaves first.", settings: []
    ) { _, _ in LeastRecentlyUsed() }
    catalogue.addEvict(FirstInFirstOut.self, "The block that came in first leaves first.", settings: []) { _, _ in
      FirstInFirstOut()
    }
    catalogue.addEvict(
      LeastFrequentlyUsed.self, "The block that the fewest requests found leaves first.", settings: []
    ) { _, _ in LeastFrequentlyUsed() }
    catalogue.addPlace(Resident.self)
    catalogue.addPlace(LayerStreaming.self)
    catalogue.addPlace(AttentionOffload.self)
    catalogue.addPlace(DraftVerify.self)
    catalogue.addPlace(MirrorSpeculation.self)
    catalogue.addPlace(HybridAttention.self)
    catalogue.addPlace(HostAttentionStreaming.self)
    catalogue.addPlace(KVRetrieval.self)
    catalogue.addPlace(ExpertOffload.self)
    catalogue.addPlace(TensorSplit.self)
    catalogue.addPlace(NeuronClusters.self)
    catalogue.addPlace(EnergyAware.self)
    catalogue.addPlace(SlidingWindow.self)
    catalogue.addPlace(HybridExperts.self)
    catalogue.addPlace(ExpertBits.self)
    addEvictions(&catalogue)
    return catalogue
  }()

  /// The evictions that are known from expert caches.
  private static func addEvictions(_ catalogue: inout PolicyCatalogue) {
    catalogue.addEvict(
      AdaptiveReplacement.self, "Recency and frequency, weighed by what was missed lately.", settings: []
    ) { _, _ in AdaptiveReplacement() }
    catalogue.addEvict(RandomEviction.self, "Any block that may leave, by chance.", settings: []) { _, context in
      RandomEviction(seed: context.seed)
    }
    catalogue.addEvict(Marker.self, "Any block that was not used in the present phase, by chance.", settings: []) {
      _, context in Marker(seed: context.seed)
    }
    catalogue.addEvict(
      PredictiveMarker.self, "Any expert not used in the present phase, those that advice gives up before others.",
      settings: [
        Key("bit", .choice(PredictiveMarker.Bit.allCases.map(\.rawValue)), "What the advice says."),
        Key("accuracy", .number(0...1), "How often the advice is right."),
      ]
    ) { fields, context in
      let bit = fields.choice(
        "bit", of: PredictiveMarker.Bit.allCases.map(\.rawValue), default: PredictiveMarker.Bit.discard.rawValue,
        because: "PredictiveMarker")
      let accuracy = fields.number("accuracy", in: 0...1, default: 1, because: "the bound of what advice can do")
      guard let bit = bit.flatMap(PredictiveMarker.Bit.init(rawValue:)), let accuracy else { return nil }
      return PredictiveMarker(bit: bit, accuracy: accuracy, seed: context.seed)
    }
    catalogue.addEvict(
      MinusRecentScore.self, "The expert whose recent router scores are least.",
      settings: [Key("share", .number(0.001...1), "Weight of the newest scores.")]
    ) { fields, _ in
      fields.number("share", in: 0.001...1, default: MinusRecentScore.share, because: "HybriMoE's artifact")
        .map { MinusRecentScore(share: $0) }
    }
    catalogue.addEvict(
      ActivationAware.self, "The expert with the fewest uses for the layers until its own comes again.", settings: []
    ) { _, _ in ActivationAware() }
    catalogue.addEvict(
      Belady.self, "The expert whose next use is furthest away, where the experiment knows the future.", settings: []
    ) { _, _ in Belady() }
  }

  @Sendable private static func phaseSplit(_ fields: Fields, _ context: PolicyContext) -> PhaseSplit? {
    let prefill = fields.pool("prefill", context, required: true)
    let decode = fields.pool("decode", context, required: true)
    let mixed = fields.pool("mixed", context, required: false)
    let artifact = "Splitwise's artifact, mixed_pool"
    let overflow = fields.count("overflow-tokens", in: 1...1_000_000_000, default: 8192, because: artifact)
    let borrow = fields.flag("borrow", default: true, because: artifact)
    let wait = fields.has("decodes-wait") && fields.flag("decodes-wait", default: false, because: artifact)
    guard let prefill, let decode, let overflow else { return nil }
    guard prefill != decode else {
      fields.diagnostics.error(
        at: fields.valuePlace(of: "decode"), "prefill and decode are the same pool",
        why: "phase-split moves each request's KV from one pool to another",
        fix: "name two pools, or use a policy that does not split, such as least-loaded")
      return nil
    }
    let involved = [prefill, decode] + (mixed.map { [$0] } ?? [])
    for from in involved {
      for to in involved where from != to && !context.paths.contains(PoolPair(from: from, to: to)) {
        let (a, b) = (context.pools[from], context.pools[to])
        fields.diagnostics.error(
          at: fields.place, "no link joins the pools '\(a)' and '\(b)'", why: "phase-split moves KV between them",
          fix: "add '{between: [\(a), \(b)], link: infiniband-hdr200}' to cluster.links")
        return nil
      }
    }
    return PhaseSplit(
      prefill: prefill, decode: decode, mixed: mixed, overflowTokens: overflow, borrow: borrow, decodesWait: wait)
  }
}
