import Hardware
import Support
import Testing
import Units

@testable import Models

@Suite struct StepCostTests {
  @Test func theCheapFormEqualsTheSumOfTheOperators() throws {
    var numbers = Numbers(state: 1)
    for engine in try engines() {
      for _ in 0..<1000 {
        let shape = numbers.shape()
        for stage in 0..<engine.cost.stageCount {
          let operators = engine.cost.operators(of: shape, stage: stage)
          let sum = operators.reduce(0) { $0 + $1.seconds }
          #expect(engine.cost.interval(of: shape, stage: stage) == StepCost.rounded(sum))
          let explained = engine.cost.explained(shape, stage: stage)
          #expect(explained.interval == StepCost.rounded(sum))
          #expect(abs(explained.roofs.total - sum) < 1e-12 * max(1, sum))
        }
      }
    }
  }

  @Test func tabulatedStepsEqualSingleSteps() throws {
    var numbers = Numbers(state: 2)
    for engine in try engines() where engine.cost.stageCount == 1 {
      for _ in 0..<50 {
        let batch = Int.random(in: 1...300, using: &numbers)
        let context = batch * Int.random(in: 1...5000, using: &numbers)
        var ends = [Int64](repeating: 0, count: 32)
        ends.withUnsafeMutableBufferPointer {
          engine.cost.tabulateDecode(
            DecodeRun(batch: batch, context: context), steps: 32, from: Instant(picoseconds: 5), into: $0.baseAddress!)
        }
        var now: Int64 = 5
        for step in 0..<32 {
          now += engine.cost.interval(of: StepShape(decodes: batch, context: context + step * batch)).picoseconds
          #expect(ends[step] == now)
        }
      }
    }
  }

  @Test func roofsOfManyStepsAddUpToTheirTime() throws {
    var numbers = Numbers(state: 7)
    var hostBound = 0
    for engine in try engines() where engine.cost.stageCount == 1 {
      for _ in 0..<100 {
        let batch = Int.random(in: 1...256, using: &numbers)
        let context = batch * Int.random(in: 1...5000, using: &numbers)
        var total = Interval.zero
        var floors = RoofTimes()
        for step in 0..<20 {
          let one = engine.cost.explained(StepShape(decodes: batch, context: context + step * batch))
          total += one.interval
          floors.add(one.roofs, count: 1)
        }
        var roofs = RoofTimes()
        engine.cost.addDecodeRoofs(DecodeRun(batch: batch, context: context), steps: 20, total: total, to: &roofs)
        #expect(abs(roofs.total - total.seconds) < 1e-9)
        for roof in Roof.allCases { #expect(abs(roofs[roof] - floors[roof]) < 0.01 * total.seconds) }
        if floors[.host] > 20 * (5e-3 + 3e-4 * Double(batch)) + 1e-9 { hostBound += 1 }
      }
    }
    #expect(hostBound > 0)
  }

  @Test func operatorsCostWhatTheRooflineSaysOfTheirWork() throws {
    let roofline = Roofline(.busy)
    for id in ["llama-2-7b", "mixtral-8x7b"] {
      let engine = try EngineCost(Catalogue.model(id), device: .busy)
      var shape = StepShape(decodes: 30, context: 30_000)
      shape.addChunk(tokens: 500, cached: 100, last: true)
      for part in engine.cost.operators(of: shape) where part.byteRoof == .memory && part.name != "host.step" {
        let family: KernelFamily
        switch part.name {
        case "attention.prefill", "attention.decode": family = .attention
        case "norms", "norm.final", "embedding", "sample", "attention.cache", "ffn.activation", "experts.activation":
          family = .elementwise
        default: family = .dense
        }
        let kernels = ["attention.cache", "experts.router"].contains(part.name) ? 2 * part.calls : part.calls
        let work = Work(
          family: family, operations: [.fp16: part.operations], bytes: part.bytes, launches: Double(kernels))
        #expect(abs(try roofline.cost(of: work).seconds / part.seconds - 1) < 1e-12, "\(part.name)")
      }
    }
  }

  @Test func betterHardwareIsNeverSlower() throws {
    var numbers = Numbers(state: 3)
    let model = try Catalogue.model("mixtral-8x7b")
    let layout = EngineLayout(tensorParallel: 2, pipelineParallel: 2)
    let base = try EngineCost(model, layout: layout, device: .busy)
    let improvements: [(inout Device) -> Void] = [
      { $0.memory[0].bandwidth.value = Bandwidth(4000e9) },
      { $0.compute[.fp16]?.rate.value = ComputeRate(1200e12) },
      { $0.interconnect?.bandwidth.value = Bandwidth(150e9) },
      { $0.interconnect?.latency.value = Seconds(0) },
      { $0.collective.latency.value = Seconds(1e-5) },
      { $0.collective.large = nil },
      { $0.execution.launch.value = Seconds(2e-6) },
      { $0.execution.prefillDispatch.value = Seconds(20e-3) },
      { $0.execution.decodeDispatch.value = Seconds(0) },
      { $0.efficiency.attentionMemory.value = 0.9 },
    ]
    for improve in improvements {
      var device = Device.busy
      improve(&device)
      let better = try EngineCost(model, layout: layout, device: device)
      var gained = false
      var tiny = StepShape()
      tiny.addChunk(tokens: 1, cached: 0, last: true)
      var huge = StepShape()
      huge.addChunk(tokens: 20_000, cached: 0, last: true)
      for shape in [tiny, huge, StepShape(decodes: 1, context: 1)] + (0..<300).map({ _ in numbers.shape() }) {
        for stage in 0..<2 {
          let (old, new) = (base.cost.interval(of: shape, stage: stage), better.cost.interval(of: shape, stage: stage))
          #expect(new <= old)
          gained = gained || new < old
        }
      }
      #expect(gained)
    }
  }

  @Test func moreWorkIsNeverFaster() throws {
    var numbers = Numbers(state: 4)
    for engine in try engines() {
      for _ in 0..<300 {
        let shape = numbers.shape()
        var more = shape
        if Bool.random(using: &numbers) {
          more.addChunk(tokens: 100, cached: 0, last: true)
        } else {
          more.decodes += 1
          more.decodeContext += 50
        }
        #expect(engine.cost.interval(of: more) >= engine.cost.interval(of: shape))
      }
    }
  }

  @Test func faultyTermsAreNamed() {
    func fault(_ change: (inout CostTerm) -> Void) -> StepCost.Fault? {
      var term = CostTerm(name: "t", count: 1, driver: .step)
      term.launch = 1e-6
      change(&term)
      do {
        _ = try StepCost(stages: [[term]], maxBatch: 4)
        return nil
      } catch { return error }
    }
    #expect(fault { _ in } == nil)
    let invalid = StepCost.Fault.invalid(term: "t")
    #expect(fault { $0.launch = -1 } == invalid)
    #expect(fault { $0.count = -1 } == invalid)
    #expect(fault { $0.byteRate = 0 } == invalid)
    #expect(fault { $0.operations.perToken = .nan } == invalid)
    #expect(fault { $0.experts = ActiveExperts(count: 2, perToken: 3, bytes: 1) } == invalid)
    #expect(fault { $0.large = LargeCalls(fromTokens: 1, byteRate: 1) } == invalid)
    #expect(
      fault {
        $0.bytes.perDecodeContext = 1
        $0.experts = ActiveExperts(count: 2, perToken: 1, bytes: 1)
      } == invalid)
    #expect(fault { $0.launch = 0 } == .empty)
    #expect(throws: StepCost.Fault.empty) { try StepCost(stages: [], maxBatch: 1) }
    #expect(throws: StepCost.Fault.invalid(term: "host.dispatch")) {
      try StepCost(
        stages: [[CostTerm(name: "t", count: 1, driver: .step)]], maxBatch: 1, dispatch: [Dispatch(prefill: -1)])
    }
  }

  @Test func sumsEqualTheSumOfTheSteps() throws {
    var numbers = Numbers(state: 5)
    for engine in try engines() where engine.model.layers.allSatisfy({ $0.feedForward?.experts == nil }) {
      var sums = StepSums(steps: 0, prefillSteps: 0, decodeSteps: 0, sampledSteps: 0, shape: StepShape())
      var operations = 0.0
      var bytes = 0.0
      var linkBytes = 0.0
      for _ in 0..<200 {
        let shape = numbers.shape()
        sums.steps += 1
        sums.prefillSteps += shape.prefillTokens > 0 ? 1 : 0
        sums.decodeSteps += shape.decodes > 0 ? 1 : 0
        sums.sampledSteps += shape.sampled > 0 ? 1 : 0
        sums.shape.add(shape)
        for stage in 0..<engine.cost.stageCount {
          for part in engine.cost.operators(of: shape, stage: stage) {
            operations += part.operations
            if part.byteRoof == .memory { bytes += part.bytes }
            if part.byteRoof == .link { linkBytes += part.bytes }
          }
        }
      }
      #expect(abs(engine.cost.operations(over: sums) / operations - 1) < 1e-12)
      #expect(abs(engine.cost.bytes(over: sums) / bytes - 1) < 1e-12)
      #expect(abs(engine.cost.bytes(over: sums, roof: .link) - linkBytes) <= 1e-12 * linkBytes)
    }
  }

  /// Small and large steps activate fewer experts than as many steps of their mean.
  @Test func expertsAreCountedStepByStep() throws {
    for engine in try engines() where engine.cost.hasExperts {
      var numbers = Numbers(state: 6)
      var sums = StepSums(
        steps: 0, prefillSteps: 0, decodeSteps: 0, sampledSteps: 0, shape: StepShape(), tokens: StepTokens())
      var bytes = 0.0
      for step in 0..<400 {
        let shape = step % 8 == 0 ? numbers.shape() : StepShape(decodes: 1 + step % 3, context: 900)
        sums.steps += 1
        sums.prefillSteps += shape.prefillTokens > 0 ? 1 : 0
        sums.decodeSteps += shape.decodes > 0 ? 1 : 0
        sums.sampledSteps += shape.sampled > 0 ? 1 : 0
        sums.shape.add(shape)
        sums.tokens?.add(tokens: shape.tokens, count: 1)
        for stage in 0..<engine.cost.stageCount {
          for part in engine.cost.operators(of: shape, stage: stage) where part.byteRoof == .memory {
            bytes += part.bytes
          }
        }
      }
      #expect(abs(engine.cost.bytes(over: sums) / bytes - 1) < 0.005)
      sums.tokens = nil
      #expect(engine.cost.bytes(over: sums) > 1.2 * bytes)
    }
  }

  @Test func decodeIsNearTheBytesAndPrefillNearTheOperations() throws {
    let engine = try EngineCost(Catalogue.model("llama-2-7b"), device: .ideal)
    var sums = StepSums(
      steps: 1, prefillSteps: 0, decodeSteps: 1, sampledSteps: 1, shape: StepShape(decodes: 1, context: 100))
    let step = Seconds(engine.cost.interval(of: sums.shape).seconds)
    // No operator of a lone decode is bound by arithmetic, and nothing else takes time on the ideal device.
    #expect(abs(engine.mbu(sums, span: step) - 1) < 1e-9)
    #expect(engine.mfu(sums, span: step) < 0.02)
    var prompt = StepShape()
    prompt.addChunk(tokens: 4096, cached: 0, last: true)
    sums = StepSums(steps: 1, prefillSteps: 1, decodeSteps: 0, sampledSteps: 1, shape: prompt)
    let prefill = engine.mfu(sums, span: Seconds(engine.cost.interval(of: prompt).seconds))
    #expect(prefill > 0.9 && prefill <= 1)
  }
}
