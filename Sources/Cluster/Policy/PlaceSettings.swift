import Hardware
import Models
import Units

/// The settings that a scenario gives a placement policy, and what they are about: the pool's model and device.
///
/// What is asked for and faulty is told to the user with its place in the file, and answered with the default, so that
/// a policy reads on; nothing is built where anything was faulty. Defaults say where they come from.
public protocol PlaceSettings {
  /// The model.
  var model: Transformer { get }
  /// Its formats.
  var formats: ModelFormats { get }
  /// The pool's device.
  var device: Device { get }
  /// How the model lies over devices like it.
  var layout: EngineLayout { get }
  /// The memory that the engine may use.
  var memory: MemoryPlan { get }
  /// Seed of the run.
  var seed: UInt64 { get }

  /// Whether the scenario gives `key`.
  func has(_ key: String) -> Bool
  /// A whole number.
  func count(_ key: String, in range: ClosedRange<Int>, default fallback: Int, because source: String) -> Int
  /// A number without a unit.
  func number(_ key: String, in range: ClosedRange<Double>, default fallback: Double, because source: String) -> Double
  /// A quantity with a unit, in base units: "25 %", "8 GB", "5 us", "40 GB/s", "12 W".
  func quantity<D: Dimension>(
    _ key: String, _ dimension: D.Type, in range: ClosedRange<Double>, default fallback: Double, because source: String
  ) -> Double
  /// Yes or no.
  func flag(_ key: String, default fallback: Bool, because source: String) -> Bool
  /// One of a few words.
  func choice(_ key: String, of words: [String], default fallback: String, because source: String) -> String
  /// The device that `key` names; nil where it is absent or unknown. An absent one is a fault where `required`.
  func device(_ key: String, required: Bool) -> Device?
  /// The link that `key` names, or `fallback`; nil where there is neither, which is a fault where `required`.
  func link(_ key: String, default fallback: Link?, required: Bool) -> Link?
  /// The memory or drive that `key` names; nil where it is absent or unknown. An absent one is a fault where `required`.
  func tier(_ key: String, required: Bool) -> Tier?
  /// The policy that `key` names for what leaves a cache, or the one named `fallback`.
  func evict(_ key: String, default fallback: String) -> (any EvictPolicy)?
  /// The settings in the mapping under `key`; empty where it is absent.
  func section(_ key: String) -> any PlaceSettings
  /// Tells that the settings cannot be, at `key` or at the policy's name.
  func refuse(_ key: String?, _ what: String, why: String, fix: String)
  /// Tells that the settings can be, and may not do what their author meant.
  func warn(_ key: String?, _ what: String, why: String, fix: String)
  /// The model in the pieces of `device`, `tensorParallel` of which share it; nil where it cannot be, which is told.
  func pieces(on device: Device, tensorParallel: Int) -> ModelPieces?
  /// The model that `key` names, in the formats of the pool's and in the pieces of `device`; nil where the key is absent
  /// or the model cannot be, which is told.
  func pieces(of key: String, on device: Device) -> ModelPieces?
}

/// What a placement policy makes of its settings.
public struct PlacedPlan: Sendable {
  /// The engine.
  public var engine: PlacedEngine
  /// Tokens whose keys and values it can hold.
  public var cacheTokens: Double
  /// Devices besides the pool's own, with how many of each: their price is the pool's too.
  public var devices: [(device: Device, count: Int)]

  /// An engine that holds the keys and values of `cacheTokens` tokens.
  public init(engine: PlacedEngine, cacheTokens: Double, devices: [(device: Device, count: Int)] = []) {
    self.engine = engine
    self.cacheTokens = cacheTokens
    self.devices = devices
  }
}
