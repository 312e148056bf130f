import Foundation
import Hardware
import Statistics

/// How far a kernel model is from measurements in one regime.
public struct KernelAccuracy: Hashable, Sendable {
  /// What was measured.
  public var key: KernelGroup.Key
  /// The regime: "all", or one that the operator class names.
  public var regime: String
  /// Rows.
  public var rows: Int
  /// Mean of |predicted / measured - 1|.
  public var meanError: Double
  /// Median of |predicted / measured - 1|.
  public var medianError: Double
  /// Median of predicted / measured - 1: above 0 where predictions are too slow.
  public var bias: Double
  /// Mean scatter of neighbouring measurements, as a share of a row's time, below which no smooth formula gets; nil where
  /// rows have no neighbours. See ``NeighbourScatter``.
  public var scatter: Double?
  /// Rows that have neighbours.
  public var neighbours = 0
  /// Which side of which size predictions lean to; nil where no split tells a tenth of the errors apart.
  public var lean: Lean?

  /// Which rows are compared.
  public enum Part: Hashable, Sendable {
    /// Those that were fitted.
    case fitted
    /// Those that were held out.
    case heldOut
    /// Both, for a device that was not fitted.
    case all
  }

  /// The accuracy of `kernel` on a part of `group`, one row for each regime that has rows, "all" first.
  public static func table(
    _ group: KernelGroup, _ kernel: FittedKernel, on chip: Chip, _ part: Part = .heldOut
  ) -> [KernelAccuracy] {
    let pairs = predictions(group, kernel, on: chip, part)
    var regimes = ["all"]
    for pair in pairs {
      for regime in pair.regimes where !regimes.contains(regime) { regimes.append(regime) }
    }
    return regimes.compactMap { regime in
      let own = pairs.filter { isOf($0, regime) }
      let errors = own.map { $0.predicted / $0.measured - 1 }
      let scatter = own.compactMap(\.scatter)
      guard let sizes = Summary(errors.map { abs($0) }), let signed = Summary(errors) else { return nil }
      return KernelAccuracy(
        key: group.key, regime: regime, rows: errors.count, meanError: sizes.mean, medianError: sizes.quantile(0.5),
        bias: signed.quantile(0.5), scatter: mean(scatter), neighbours: scatter.count,
        lean: Lean(own, columns: group.rows.model.shapeColumns))
    }
  }

  private static func isOf(_ prediction: Prediction, _ regime: String) -> Bool {
    regime == "all" || prediction.regimes.contains(regime)
  }

  private static func mean(_ values: [Double]) -> Double? {
    values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
  }

  /// A row as predicted and as measured, in seconds.
  public struct Prediction: Sendable {
    /// Seconds that the model says.
    public var predicted: Double
    /// Seconds that were measured.
    public var measured: Double
    /// The regimes of the row, besides "all".
    public var regimes: [String]
    /// Its scatter among its neighbours; nil where it has none, or where neighbours were not looked at.
    public var scatter: Double?
    /// The fields that make its shape.
    public var fields: [String] = []
  }

  /// The rows of a part of `group` as predicted by `kernel`.
  public static func predictions(
    _ group: KernelGroup, _ kernel: FittedKernel, on chip: Chip, _ part: Part = .heldOut
  ) -> [Prediction] {
    let rows = group.rows
    let parameters = rows.model.parameters(kernel.variant, kernel.format)
    let values = KernelValues(parameters, given: kernel.values)
    // Neighbours may have been fitted: it is measurements that are compared.
    let predicted = rows.predict(values, kernel.variant, kernel.format, chip, Array(rows.seconds.indices))
    let scatter = NeighbourScatter(
      fields: rows.fields, residuals: zip(predicted, rows.seconds).map { log($0 / $1) })
    return rows.seconds.indices.filter { part == .all || rows.isHeldOut[$0] == (part == .heldOut) }.map {
      Prediction(
        predicted: predicted[$0], measured: rows.seconds[$0], regimes: rows.regimes[$0], scatter: scatter.shares[$0],
        fields: rows.fields[$0])
    }
  }
}

/// What 20 % less and more of a fitted coefficient do to the error on held-out rows.
public struct Perturbation: Hashable, Sendable {
  /// What was measured.
  public var key: KernelGroup.Key
  /// The coefficient.
  public var parameter: String
  /// The mean error as fitted.
  public var own: Double
  /// The mean error with 20 % less.
  public var less: Double
  /// The mean error with 20 % more.
  public var more: Double

  /// The largest change of the mean error.
  public var effect: Double { max(abs(less - own), abs(more - own)) }

  /// The perturbations of each coefficient of `kernel`, in alphabetical order; empty where no row is held out.
  public static func table(_ group: KernelGroup, _ kernel: FittedKernel, on chip: Chip) -> [Perturbation] {
    let rows = group.rows
    let indices = rows.isHeldOut.indices.filter { rows.isHeldOut[$0] }
    func error(_ kernel: FittedKernel) -> Double? {
      guard !indices.isEmpty else { return nil }
      let values = KernelValues(rows.model.parameters(kernel.variant, kernel.format), given: kernel.values)
      let predicted = rows.predict(values, kernel.variant, kernel.format, chip, indices)
      let sizes = zip(predicted, indices).map { abs($0 / rows.seconds[$1] - 1) }
      return sizes.reduce(0, +) / Double(sizes.count)
    }
    guard let own = error(kernel) else { return [] }
    return kernel.values.keys.sorted().compactMap { name in
      var (fewer, greater) = (kernel, kernel)
      fewer.values[name]? *= 0.8
      greater.values[name]? *= 1.2
      guard let less = error(fewer), let more = error(greater) else { return nil }
      return Perturbation(key: group.key, parameter: name, own: own, less: less, more: more)
    }
  }
}
