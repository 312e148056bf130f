import Cluster
import Hardware
import Models
import Units

/// Devices beside the pool's own that attend over keys and values in their memory, and the link to them.
struct AttendingDevice {
  /// One of them.
  var device: Device
  /// How many share the work.
  var count: Int
  /// The model's pieces on one of them.
  var pieces: ModelPieces
  /// The link to them, and the share of its bandwidth that is reached.
  var link: Link
  var efficiency: Double

  /// Reads the device under `key` of `settings`, and how many under `counted`; `link` and `link-efficiency` are settings
  /// of `way`, the link being `link` unless told. Nil where anything is faulty, which the settings have told.
  init?(
    _ settings: any PlaceSettings, named key: String, counted: String? = nil, way: any PlaceSettings, link usual: Link?
  ) {
    let device = settings.device(key, required: true)
    count = counted.map { settings.count($0, in: 1...1024, default: 1, because: "one") } ?? 1
    let path = way.path(default: usual)
    guard let device, let link = path.link, let pieces = way.pieces(on: device, tensorParallel: 1) else { return nil }
    self.device = device
    self.link = link
    efficiency = path.efficiency
    self.pieces = pieces
  }

  /// Bytes of memory of one of them.
  var capacity: Double { device.memory.first?.capacity.value.value ?? 0 }
}
