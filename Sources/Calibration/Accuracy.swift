import Hardware
import Models

/// A time that is measured and predicted.
public enum Metric: String, CaseIterable, Hashable, Sendable {
  /// Time to the first token.
  case timeToFirstToken = "TTFT"
  /// Time per later token.
  case timePerOutputToken = "TPOT"

  /// The metric of a run.
  public func of(_ run: MeasuredRun) -> Double {
    self == .timeToFirstToken ? run.timeToFirstToken : run.timePerOutputToken
  }

  /// The metric of a prediction.
  public func of(_ times: Predictor.Times) -> Double {
    self == .timeToFirstToken ? times.timeToFirstToken : times.timePerOutputToken
  }
}

/// How far predictions are from measurements, for one device, model, parallelism and metric.
public struct Accuracy: Hashable, Sendable {
  /// The device as the runs name it.
  public var device: String
  /// The model as the runs name it.
  public var model: String
  /// Devices that share every layer.
  public var tensorParallel: Int
  /// The metric.
  public var metric: Metric
  /// Runs.
  public var runs: Int
  /// Mean of |predicted / measured - 1|.
  public var meanError: Double
  /// Mean of predicted / measured - 1: above 0 where predictions are too slow.
  public var bias: Double
  /// Largest |predicted / measured - 1|.
  public var worstError: Double

  /// The accuracy of predictions, one row for each group, in ascending order.
  public static func table(_ predictions: [(run: MeasuredRun, times: Predictor.Times)]) -> [Accuracy] {
    var table: [Accuracy] = []
    for (run, times) in predictions.sorted(by: { $0.run.key < $1.run.key }) {
      for metric in Metric.allCases {
        let error = metric.of(times) / metric.of(run) - 1
        let row = Accuracy(
          device: run.key.device, model: run.key.model, tensorParallel: run.key.tensorParallel, metric: metric,
          runs: 1, meanError: abs(error), bias: error, worstError: abs(error))
        if let index = table.firstIndex(where: { $0.sameGroup(as: row) }) {
          table[index] = table[index].joined(with: row)
        } else {
          table.append(row)
        }
      }
    }
    return table
  }

  /// The mean of |predicted / measured - 1| over the rows of `metric`, each run counted once; nil without runs.
  public static func meanError(_ table: [Accuracy], _ metric: Metric) -> Double? {
    let rows = table.filter { $0.metric == metric }
    let runs = rows.reduce(0) { $0 + $1.runs }
    return runs == 0 ? nil : rows.reduce(0) { $0 + $1.meanError * Double($1.runs) } / Double(runs)
  }

  /// The table as text: one line for each row, errors in percent.
  public static func text(_ table: [Accuracy]) -> String {
    func percent(_ value: Double) -> String { "\((value * 1000).rounded() / 10) %" }
    return table.map { row in
      "\(row.device) \(row.model) TP\(row.tensorParallel) \(row.metric.rawValue): MAPE \(percent(row.meanError)), "
        + "bias \(percent(row.bias)), worst \(percent(row.worstError)) of \(row.runs) runs"
    }.joined(separator: "\n")
  }

  private func sameGroup(as other: Accuracy) -> Bool {
    device == other.device && model == other.model && tensorParallel == other.tensorParallel && metric == other.metric
  }

  private func joined(with other: Accuracy) -> Accuracy {
    var joined = self
    joined.runs += other.runs
    let share = Double(other.runs) / Double(joined.runs)
    joined.meanError += (other.meanError - meanError) * share
    joined.bias += (other.bias - bias) * share
    joined.worstError = max(worstError, other.worstError)
    return joined
  }
}
