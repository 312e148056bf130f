import Kernels

/// How far predictions from a processor's micro-benchmarks are from the composed kernels of the same run, in the words
/// that ``KernelAccuracy`` and ``Perturbation`` have for fitted kernels.
public struct ProcessorAccuracy: Sendable {
  private let fit: ProcessorFit
  private let device: String

  /// The accuracy of what `timings` of one run say of its composed kernels; tables call the processor `device`.
  /// - Throws: ``ProcessorFit/Fault``.
  public init(_ timings: [Timing], device: String) throws(ProcessorFit.Fault) {
    fit = try ProcessorFit(timings)
    self.device = device
  }

  /// The errors by operator and threads, for all formats of weights ("all") and then for each.
  public var table: [KernelAccuracy] {
    ProcessorErrors.table(fit.comparisons).map { errors in
      KernelAccuracy(
        key: key(errors.operator.rawValue, errors.threads), regime: errors.format?.rawValue ?? "all", rows: errors.rows,
        meanError: errors.mean, medianError: errors.median, bias: errors.bias)
    }
  }

  /// Every composed kernel as predicted and as measured, by the word of its operator.
  public var predictions: [(operatorName: String, prediction: KernelAccuracy.Prediction)] {
    fit.comparisons.map { row in
      (
        row.timing.operator.rawValue,
        KernelAccuracy.Prediction(predicted: row.predicted, measured: row.timing.time, regimes: [row.timing.format])
      )
    }
  }

  /// What each coefficient does to the mean error of all composed kernels on its number of threads. Formats that share a
  /// coefficient are moved together.
  public var perturbations: [Perturbation] {
    Set(fit.models.map(\.threads)).sorted().flatMap { threads in
      ProcessorModel.Parameter.allCases.flatMap { parameter in
        parameter.sharing.map { formats in perturbation(parameter, of: formats, on: threads) }
      }
    }
  }

  private func perturbation(
    _ parameter: ProcessorModel.Parameter, of formats: [WeightFormat], on threads: Int
  ) -> Perturbation {
    func error(_ change: (Double) -> Double) -> Double {
      var moved = fit
      for index in moved.models.indices where moved.models[index].threads == threads {
        guard formats.contains(moved.models[index].format) else { continue }
        moved.models[index][parameter] = change(moved.models[index][parameter])
      }
      let errors = moved.comparisons.filter { $0.timing.threads == threads }.map { abs($0.error) }
      return errors.reduce(0, +) / Double(max(1, errors.count))
    }
    let name = formats.count == WeightFormat.allCases.count ? "all" : formats.map(\.rawValue).joined(separator: " ")
    var key = key("composed", threads)
    key.format = name
    return Perturbation(
      key: key, parameter: parameter.rawValue, own: error { $0 }, less: error { $0 * 0.8 }, more: error { $0 * 1.2 })
  }

  private func key(_ operatorName: String, _ threads: Int) -> KernelGroup.Key {
    KernelGroup.Key(
      device: device, operatorName: operatorName, framework: "medley", format: "all",
      kernel: threads == 1 ? "1 thread" : "\(threads) threads")
  }
}

extension ProcessorModel.Parameter {
  /// The formats that share one value, each list fitted by itself.
  var sharing: [[WeightFormat]] {
    switch self {
    case .launch, .l2Rate, .l2Size, .l3Rate, .l3Size, .memoryRate, .element: [WeightFormat.allCases]
    // Scores are those of the cache's format, in which integers do not stand.
    case .score: [[.fp32], [.bf16]]
    case .line, .row, .farRow, .pack: WeightFormat.allCases.map { [$0] }
    }
  }
}
