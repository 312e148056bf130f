import Hardware
import Models
import Testing
import Units

@testable import Calibration

@Suite struct EfficiencyFitTests {
  /// Runs that a device itself predicts, so that a fit must find its values again.
  func runs(of device: Device) throws -> [MeasuredRun] {
    var runs: [MeasuredRun] = []
    for (prompt, batch) in [(128, 1), (512, 1), (512, 4), (2048, 1), (1024, 8)] {
      for (model, tensor) in [("llama2-70b", 2), ("bloom-176b", 8)] {
        runs.append(
          MeasuredRun(
            key: MeasuredRun.Key(
              device: "d", model: model, tensorParallel: tensor, prompt: prompt, batch: batch, output: 100),
            timeToFirstToken: 1, timePerOutputToken: 0.01, endToEnd: 1.99))
      }
    }
    let predictor = try Predictor(device, models: Bench.models(), for: runs)
    return try runs.map { run in
      let times = try #require(predictor.times(of: run))
      return MeasuredRun(
        key: run.key, timeToFirstToken: times.timeToFirstToken, timePerOutputToken: times.timePerOutputToken,
        endToEnd: times.timeToFirstToken + 99.001 * times.timePerOutputToken)
    }
  }

  @Test func findsTheValuesThatMadeTheRuns() throws {
    let truth = try Bench.device("h100-80gb")
    var start = truth
    let wanted: [DeviceParameter] = [.compute, .memory, .hostPerSequence]
    for parameter in wanted {
      let value = try #require(parameter.value(in: truth))
      parameter.set(value * (parameter == .hostPerSequence ? 3 : 0.7), source: "start", in: &start)
    }
    let fit = try EfficiencyFit(
      start, models: Bench.models(), runs: runs(of: truth), parameters: wanted, folds: 2, label: "itself")
    for (parameter, value, _) in fit.values {
      #expect(abs(value / (try #require(parameter.value(in: truth))) - 1) < 0.01)
      #expect(parameter.value(in: fit.device) == value)
    }
    #expect(fit.leftOut == 0)
    #expect(try #require(Accuracy.meanError(fit.heldOut, .timeToFirstToken)) < 0.01)
    #expect(fit.device.efficiency.compute.source.hasPrefix("fit to itself, 10 runs; MAPE in 2-fold validation: TTFT 0"))
    #expect(fit.device.faults.isEmpty)
  }

  @Test func shapesAreDealtOutWhole() throws {
    var runs = try runs(of: Bench.device("h100-80gb")).sorted { $0.key < $1.key }
    var longer = runs[0]
    longer.key.output = 200
    runs.insert(longer, at: 1)
    #expect(try EfficiencyFit.folds(runs, 3) == [0, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0])
    #expect(throws: EfficiencyFit.Fault.tooFewShapes(1)) { try EfficiencyFit.folds([runs[0]], 2) }
  }

  @Test func unknownModelsAreNamed() throws {
    let device = try Bench.device("a100-80gb")
    let all = try runs(of: device)
    #expect(throws: Predictor.UnknownModel(model: "bloom-176b")) {
      try Predictor(device, models: [:], for: [all[0], all[1]].sorted { $0.key < $1.key })
    }
  }

  @Test func everyParameterIsReadBackAsSet() throws {
    var device = try Bench.device("a100-80gb")
    for parameter in DeviceParameter.allCases {
      let value = parameter.isShare ? 0.5 : 0.001
      parameter.set(value, source: "set", in: &device)
      #expect(parameter.value(in: device) == value)
    }
    device.collective.large = nil
    #expect(DeviceParameter.largeLink.value(in: device) == nil)
  }
}

@Suite struct AccuracyTests {
  @Test func groupsAndMeans() throws {
    func pair(_ first: Double, tensor: Int) -> (run: MeasuredRun, times: Predictor.Times) {
      let key = MeasuredRun.Key(device: "d", model: "m", tensorParallel: tensor, prompt: 1, batch: 1, output: 2)
      return (
        MeasuredRun(key: key, timeToFirstToken: 1, timePerOutputToken: 1, endToEnd: 2),
        Predictor.Times(timeToFirstToken: first, timePerOutputToken: 1)
      )
    }
    let table = Accuracy.table([pair(1.5, tensor: 1), pair(0.75, tensor: 1), pair(1.25, tensor: 2)])
    #expect(table.map(\.tensorParallel) == [1, 1, 2, 2])
    #expect(table[0].meanError == 0.375)  // (0.5 + 0.25) / 2
    #expect(table[0].bias == 0.125)  // (0.5 - 0.25) / 2
    #expect(table[0].worstError == 0.5)
    #expect(Accuracy.meanError(table, .timeToFirstToken) == 1.0 / 3)  // (0.5 + 0.25 + 0.25) / 3
    #expect(Accuracy.meanError([], .timeToFirstToken) == nil)
    #expect(
      Accuracy.text([table[0]]) == "d m TP1 TTFT: MAPE 37.5 %, bias 12.5 %, worst 50.0 % of 2 runs")
  }
}
