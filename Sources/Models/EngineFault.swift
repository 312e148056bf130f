import Hardware

/// An engine that cannot be.
public enum EngineFault: Error, Hashable, CustomStringConvertible {
  /// A degree of parallelism below 1, or one that does not divide what it splits.
  case layout(String)
  /// Something about the model that operators cannot say.
  case notCosted(String)
  /// A device whose numbers cannot be.
  case device([DeviceFault])
  /// A device without a rate for the arithmetic.
  case arithmetic(Roofline.NoArithmetic)
  /// Several devices without a link between them.
  case noLink(device: String)
  /// What must be on the fullest device leaves no room for a KV block.
  case memory(MemoryBudget)
  /// A tier that cannot hold what is placed there: its name, and bytes.
  case tier(name: String, needed: Double, available: Double)
  /// An operator to be left out that the engine does not have, and those it has.
  case noOperator(String, among: [String])
  /// Terms that are no cost.
  case cost(StepCost.Fault)

  /// One line with the numbers.
  public var description: String {
    switch self {
    case .layout(let why): why
    case .notCosted(let kind): "\(kind) cannot be costed"
    case .device(let faults): faults.map(\.description).joined(separator: "; ")
    case .arithmetic(let fault): fault.description
    case .noLink(let device): "\(device) has neither interconnect nor host-link to reach its peers"
    case .memory(let budget):
      "weights and workspace need \(gigabytes(budget.taken)) GB on each device, of which "
        + "\(gigabytes(budget.available)) GB may be used"
    case .tier(let name, let needed, let available):
      "what is placed on \(name) needs \(gigabytes(needed)) GB, of which it has \(gigabytes(available)) GB"
    case .noOperator(let name, let names): "no operator is named '\(name)'; there are \(names.joined(separator: ", "))"
    case .cost(let fault): "no cost: \(fault)"
    }
  }

  private func gigabytes(_ bytes: Double) -> Double { (bytes / 1e8).rounded() / 10 }
}
