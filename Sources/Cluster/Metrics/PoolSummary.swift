import Models
import Units

/// What the replicas of one pool did over a run.
public struct PoolSummary: Hashable, Sendable {
  /// The pool's name.
  public var name: String
  /// Its replicas.
  public var replicas: Int
  /// Sums over all steps of all replicas.
  public var totals = StepTotals()
  /// Work on one device of each replica, summed over replicas; nil where a placed engine's is not known, since other
  /// devices do a part of it or steps compute more or less than the model.
  public var work: EngineWork?
  /// Model FLOPs utilisation: share of the device's peak arithmetic that the model's operations used over the whole run; nil
  /// where no peak or no work is known.
  public var mfu: Double?
  /// Model bandwidth utilisation: share of the device's peak memory bandwidth that the model's operators used over the whole
  /// run, for weights, KV cache and activations; nil where no peak or no bytes are known.
  ///
  /// What is copied into the memory from elsewhere, such as streamed weights, fetched experts or a KV cache that arrives, is not
  /// counted, as ``mfu`` counts no operation but the model's. Source: Databricks, "LLM Inference Performance Engineering: Best
  /// Practices" (2023): parameters and KV cache over TPOT, over the peak.
  public var mbu: Double?
  /// Share of replica time in which a step with prefill tokens was under way.
  public var prefillShare = 0.0
  /// Share of replica time in which only decode steps were under way.
  public var decodeShare = 0.0
  /// Replica time by what it was spent on.
  public var time = TimeShares()
  /// Blocks of one replica's KV cache.
  public var blocks: Int
  /// Mean share of the KV cache in use.
  public var meanOccupancy = 0.0
  /// Largest share of a replica's KV cache in use at once.
  public var peakOccupancy = 0.0
  /// Share of the KV cache in use, averaged over replicas, in the middle of each of 64 equal parts of the run.
  public var occupancy: [Double] = []
  /// Preemptions.
  public var preemptions = 0
  /// Bytes swapped to host memory and back.
  public var swapped = Memory(0)
  /// What the prefix caches did; nil where prefixes are not kept.
  public var prefixes: PrefixTotals?
  /// What its placed engines did; nil where its engines are not placed.
  public var placement: PlacementSummary?
  /// Power integrated over the run: watts in prefill, in decode and idle times the time in each.
  public var energy = Energy(0)
  /// Energy over the run's length.
  public var averagePower = Power(0)
  /// Price of all replicas.
  public var price: Price

  /// Sequences in a mean decode step; 0 without one.
  public var meanDecodeBatch: Double {
    totals.decodeSteps > 0 ? Double(totals.shape.decodes) / Double(totals.decodeSteps) : 0
  }

  /// Prompt tokens in a mean step with any; 0 without one.
  public var meanPrefillTokens: Double {
    totals.prefillSteps > 0 ? Double(totals.shape.prefillTokens) / Double(totals.prefillSteps) : 0
  }

  /// The sums over `replicas`, all of them of `pool`, over a run of `duration`.
  init(_ pool: PoolDescription, _ replicas: [ReplicaTotals], duration: Seconds, peak: DevicePeak?) {
    let engine = pool.engine
    name = pool.name
    self.replicas = pool.replicas
    blocks = engine.cache.blocks
    price = pool.price * Double(pool.replicas)
    let run = duration.value
    let stages = Double(engine.cost.stageCount)
    var blockSeconds = 0.0
    var prefill = 0.0
    var decode = 0.0
    var work = EngineWork()
    for replica in replicas {
      totals.add(replica.totals)
      work += EngineWork(replica.totals, engine.cost)
      time.roofs.add(replica.roofs, count: 1)
      time.swap += replica.swapTime.seconds * stages
      blockSeconds += replica.blockSeconds
      peakOccupancy = max(peakOccupancy, Double(replica.peakBlocks) / Double(max(1, blocks)))
      preemptions += replica.preemptions
      if let did = replica.prefixes { prefixes = (prefixes ?? PrefixTotals()) + did }
      swapped = swapped + Memory(Double(replica.swappedTokens) * engine.cache.bytesPerToken)
      let times = (
        idle: replica.idleTime.seconds, prefill: replica.prefillTime.seconds, decode: replica.decodeTime.seconds
      )
      prefill += times.prefill
      decode += times.decode
      if let did = replica.placed {
        placement = (placement ?? PlacementSummary(engine.placed)) + did
        continue
      }
      energy =
        energy
        + Energy(
          engine.power.idle.value * times.idle + engine.power.prefill.value * times.prefill
            + engine.power.decode.value * times.decode)
    }
    if engine.placed?.policy.movesModel == false { (work.memoryBytes, work.linkBytes) = (nil, nil) }
    if engine.placed?.computesModelAlone ?? true { self.work = work }
    if let placed = engine.placed { energy = placed.energy(placement, replicas: pool.replicas, duration: run) }
    let capacity = run * Double(pool.replicas)
    guard capacity > 0 else { return }
    averagePower = Power(energy.value / run)
    prefillShare = prefill / capacity
    decodeShare = decode / capacity
    meanOccupancy = blockSeconds / (capacity * Double(max(1, blocks)))
    occupancy = Self.occupancy(replicas, blocks: blocks, run: run)
    time.idle = max(0, capacity * stages - time.roofs.total - time.swap)
    time = time.normalised
    if let peak, self.work != nil {
      mfu = work.operations / (peak.operations * capacity)
      mbu = work.memoryBytes.map { $0 / (peak.bytes * capacity) }
    }
  }

  /// The mean over replicas of the share of blocks in use in the middle of each of 64 equal parts of the run.
  private static func occupancy(_ replicas: [ReplicaTotals], blocks: Int, run: Double) -> [Double] {
    let parts = 64
    var used = Array(repeating: 0, count: parts)
    for replica in replicas {
      var next = 0
      var current = 0
      for part in 0..<parts {
        let moment = (Double(part) + 0.5) / Double(parts) * run
        while next < replica.occupancy.count, replica.occupancy[next].instant.seconds <= moment {
          current = Int(replica.occupancy[next].blocks)
          next += 1
        }
        used[part] += current
      }
    }
    let whole = Double(max(1, blocks) * max(1, replicas.count))
    return used.map { Double($0) / whole }
  }
}

extension StepTotals {
  /// Adds the sums of other steps.
  mutating func add(_ other: StepTotals) {
    steps += other.steps
    prefillSteps += other.prefillSteps
    decodeSteps += other.decodeSteps
    sampledSteps += other.sampledSteps
    shape.add(other.shape)
    guard let more = other.tokens else { return }
    tokens = tokens ?? StepTokens()
    tokens?.add(more)
  }
}
