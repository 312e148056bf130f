/// Numbers for the names of tenants and sessions and for ids of blocks, dense from 0 in order of first appearance.
struct TraceLabels {
  /// Most tenants of a trace.
  static let tenantLimit = 256
  /// Most sessions of a trace.
  static let sessionLimit = 1 << 24
  /// Most different ids of blocks whose numbers are not dense.
  static let blockLimit = 1 << 24

  /// The names of the tenants.
  private(set) var tenants: [String] = []
  private var sessions: [String: Int32] = [:]
  /// Ids below this stand for themselves.
  private var plainBlocks: UInt64 = 0
  /// Further ids, once one was not the next.
  private var otherBlocks: [UInt64: Int32] = [:]

  /// How many sessions there are.
  var sessionCount: Int { sessions.count }

  /// The number of a tenant.
  mutating func tenant(_ field: TraceField) throws(TraceField.Fault) -> UInt8 {
    let name = field.name
    if let place = tenants.firstIndex(of: name) { return UInt8(place) }
    guard tenants.count < Self.tenantLimit else {
      throw TraceField.Fault(
        offset: field.start, what: "the trace has more than \(Self.tenantLimit) tenants",
        why: "a tenant is a class of users, not a user", fix: "put users into classes")
    }
    tenants.append(name)
    return UInt8(tenants.count - 1)
  }

  /// The number of a session of this name, of one group where there are groups.
  mutating func session(_ field: TraceField, within group: TraceField? = nil) throws(TraceField.Fault) -> Int32 {
    let name = group.map { "\($0.name) \(field.name)" } ?? field.name
    if let known = sessions[name] { return known }
    guard sessions.count < Self.sessionLimit else {
      throw TraceField.Fault(
        offset: field.start, what: "the trace has more than \(Self.sessionLimit) sessions",
        why: "their names are held while the trace is read", fix: "cut the trace into shorter ones")
    }
    let number = Int32(sessions.count)
    sessions[name] = number
    return number
  }

  /// The number of a block's id.
  mutating func block(_ field: TraceField) throws(TraceField.Fault) -> Int32 {
    let id = try field.identity()
    if id < plainBlocks { return Int32(id) }
    if id == plainBlocks, otherBlocks.isEmpty, plainBlocks < UInt64(Int32.max) {
      plainBlocks += 1
      return Int32(id)
    }
    if let known = otherBlocks[id] { return known }
    guard otherBlocks.count < Self.blockLimit, plainBlocks + UInt64(otherBlocks.count) < UInt64(Int32.max) else {
      throw TraceField.Fault(
        offset: field.start, what: "the trace has more than \(Self.blockLimit) ids of blocks",
        why: "ids that are not numbered in order of appearance are held while the trace is read",
        fix: "number the blocks 0, 1, 2 as they first appear")
    }
    let number = Int32(plainBlocks + UInt64(otherBlocks.count))
    otherBlocks[id] = number
    return number
  }
}

extension TraceField {
  /// The field as a name: without the quotes of JSON.
  var name: String {
    var (first, last) = (start, end)
    if last - first >= 2, line[first] == UInt8(ascii: "\""), line[last - 1] == UInt8(ascii: "\"") {
      first += 1
      last -= 1
    }
    return String(decoding: line[first..<last], as: UTF8.self)
  }
}
