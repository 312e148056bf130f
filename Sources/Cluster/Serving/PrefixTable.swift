/// A map from ids of blocks to small numbers, by open addressing on unmanaged memory.
///
/// Complexity: O(1) in the mean. Memory: 16 to 32 bytes an id.
struct PrefixTable: ~Copyable {
  struct Place: BitwiseCopyable {
    var id: Int32 = -1
    var slot: Int32 = -1
  }

  private(set) var places: Column<Place>
  private var shift: Int
  private(set) var count = 0

  /// A map of nothing.
  init() {
    places = Column(repeating: Place(), count: 64)
    shift = 64 - 6
  }

  private var mask: Int { places.count - 1 }

  /// Where the search for `id` begins.
  @inline(__always)
  private func home(_ id: Int32) -> Int {
    Int(truncatingIfNeeded: (UInt64(UInt32(bitPattern: id)) &* 0x9E37_79B9_7F4A_7C15) >> UInt64(shift))
  }

  /// The number of `id`; -1 where it is not there.
  @inline(__always)
  func slot(of id: Int32) -> Int32 {
    var place = home(id)
    while places[place].id != id {
      if places[place].id < 0 { return -1 }
      place = (place + 1) & mask
    }
    return places[place].slot
  }

  /// Adds `id`, at least 0 and not there yet.
  mutating func insert(_ id: Int32, slot: Int32) {
    if count * 2 >= places.count { grow() }
    put(Place(id: id, slot: slot))
    count += 1
  }

  /// Removes `id`, which is there, and moves those that had to pass it back.
  mutating func remove(_ id: Int32) {
    var hole = home(id)
    while places[hole].id != id { hole = (hole + 1) & mask }
    var place = hole
    while true {
      place = (place + 1) & mask
      guard places[place].id >= 0 else { break }
      let distance = (place - home(places[place].id)) & mask
      if distance >= (place - hole) & mask {
        places[hole] = places[place]
        hole = place
      }
    }
    places[hole] = Place()
    count -= 1
  }

  private func put(_ new: Place) {
    var place = home(new.id)
    while places[place].id >= 0 { place = (place + 1) & mask }
    places[place] = new
  }

  private mutating func grow() {
    let old = exchange()
    for place in 0..<old.count where old[place].id >= 0 { put(old[place]) }
  }

  /// Puts an empty table of twice the size in place of the present one, which it returns.
  private mutating func exchange() -> Column<Place> {
    var larger = Column(repeating: Place(), count: places.count * 2)
    swap(&larger, &places)
    shift -= 1
    return larger
  }
}
