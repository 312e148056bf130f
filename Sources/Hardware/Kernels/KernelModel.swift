/// One call of a kernel as its model sees it.
public protocol KernelShape: Sendable {
  /// The columns of measurements that make a shape. Rows that agree in all of them are one shape and are fitted or
  /// held out together.
  static var columns: [String] { get }
  /// The shape that a row of measurements states.
  init(_ row: KernelRow) throws(KernelRow.Fault)
  /// The regimes that the shape belongs to, besides "all".
  var regimes: [String] { get }
}

/// How long the kernels of one operator class take: a formula with named parameters.
///
/// To add an operator class, write a type that conforms, in a file of its own, and its line in ``KernelClasses/all``.
/// Nothing else: measurements whose `op` is in ``operators`` are then read by ``KernelShape/columns``, fitted by `medley calibrate`,
/// kept in `scenarios/kernels/*.yaml` with unit and bounds of each of ``parameters(_:_:)``, and checked by
/// `medley validate`, which also moves each parameter by 20 % to see that it matters.
///
/// - ``parameters(_:_:)`` are at most 12, each with a meaning, and with 0 < lower < start < upper: fits search their
///   logarithms. What kernels of one family share (tiles, whether they can split) is a variant, not a number: the
///   variant that fits best is taken.
/// - ``init(_:_:_:_:)`` gets the values once; ``seconds(_:_:)`` is then called for each shape and must be finite and above
///   0 for every shape that ``KernelShape/init(_:)`` accepts and all values within bounds.
/// - Only + - * / and square root, and the logarithms and powers of `Elementary`, so that the result is the same on
///   every machine.
public protocol KernelModel: Sendable {
  /// A call.
  associatedtype Shape: KernelShape
  /// The operator class: "gemm".
  static var name: String { get }
  /// The words that measurements have for it in the column `op`; its name alone unless stated otherwise. Each is fitted
  /// by itself.
  static var operators: [String] { get }
  /// What it is, in one sentence.
  static var summary: String { get }
  /// The names of what kernels of one family share; the first is the usual one.
  static var variants: [String] { get }
  /// The variants that kernels of the family `kernel` may have; all of them unless stated otherwise.
  static func variants(of kernel: String, in format: KernelFormat, on chip: Chip) -> [String]
  /// What is fitted for a variant and a format.
  static func parameters(_ variant: String, _ format: KernelFormat) -> [KernelParameter]
  /// The model with these values.
  init(_ values: KernelValues, _ variant: String, _ format: KernelFormat, _ chip: Chip)
  /// Seconds of a call.
  func seconds(_ shape: Shape, _ cache: CacheState) -> Double
}

extension KernelModel {
  /// Its name alone.
  public static var operators: [String] { [name] }

  /// All of them.
  public static func variants(of kernel: String, in format: KernelFormat, on chip: Chip) -> [String] { variants }
}

/// The operator classes there are.
public enum KernelClasses {
  /// All of them, in the order of tables.
  public static let all: [any KernelModel.Type] = [
    GEMM.self,
    DecodeAttention.self,
    PrefillAttention.self,
    MixedAttention.self,
    MixtureOfExperts.self,
    Elementwise.self,
    CustomAllReduce.self,
    LibraryExchange.self,
  ]

  /// The words of all classes.
  public static var operators: [String] { all.flatMap { model in model.operators } }

  /// The class that measurements have the word `operatorName` for.
  public static func of(_ operatorName: String) -> (any KernelModel.Type)? {
    all.first { $0.operators.contains(operatorName) }
  }
}
