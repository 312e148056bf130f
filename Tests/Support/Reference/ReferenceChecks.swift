/// The reference contradicts itself.
public struct ReferenceFault: Error, CustomStringConvertible {
  /// What is wrong.
  public let description: String

  init(_ description: String) { self.description = description }
}

extension ReferenceSimulation {
  /// Blocks and loads are what the sequences say they are, and no lane holds a sequence that is elsewhere.
  func check() throws {
    var used = try replicas.indices.map { try checkEntries($0) }
    for (r, replica) in replicas.enumerated() {
      for lane in replica.lanes {
        for id in lane.running + lane.prefilling { used[r] += sequences[id].held }
        for id in lane.running where sequences[id].held * replica.engine.cache.blockTokens < sequences[id].context {
          throw ReferenceFault("request \(id) has fewer blocks than context at \(now) ps")
        }
      }
      for id in replica.ready { used[r] += sequences[id].held }
      for transfer in replica.inbound where isAway(transfer) {
        used[transfer.source] += sequences[transfer.request].held
      }
    }
    for transfer in flying {
      used[sequences[transfer.request].decodeReplica] += sequences[transfer.request].reserved
      if isAway(transfer) { used[transfer.source] += sequences[transfer.request].held }
    }
    for (r, replica) in replicas.enumerated() {
      if replica.used != used[r] { throw ReferenceFault("replica \(r): \(replica.used) blocks, not \(used[r])") }
      if replica.free < 0 { throw ReferenceFault("replica \(r) has \(replica.free) free blocks at \(now) ps") }
      if replica.sequences > replica.engine.maxSequences { throw ReferenceFault("replica \(r) is over its limit") }
      let load = loads[r]
      if min(load.outstanding, load.pendingPromptTokens, load.decodes, load.reservedTokens) < 0 {
        throw ReferenceFault("replica \(r): load \(load) at \(now) ps")
      }
    }
    if finished == requests.count { try checkEnd() }
  }

  /// Blocks of the entries that sequences hold, less what these sequences count again as theirs.
  private func checkEntries(_ r: Int) throws -> Int {
    let entries = replicas[r].entries
    if Set(entries.map(\.id)).count < entries.count { throw ReferenceFault("replica \(r) has an id twice") }
    let cached = entries.filter(\.holders.isEmpty).reduce(0) { $0 + $1.size }
    if replicas[r].used + cached > replicas[r].engine.cache.blocks {
      throw ReferenceFault("replica \(r) has \(cached) cached blocks beside \(replicas[r].used) at \(now) ps")
    }
    return entries.reduce(0) { $0 + ($1.holders.isEmpty ? 0 : $1.size * (1 - $1.holders.count)) }
  }

  /// Whether a transferring sequence has left the lane that prefilled it.
  private func isAway(_ transfer: ReferenceTransfer) -> Bool { sequences[transfer.request].generated > 0 }

  private func checkEnd() throws {
    for (r, replica) in replicas.enumerated() {
      let load = loads[r]
      if replica.used != 0 || load.outstanding != 0 || load.pendingPromptTokens != 0 || load.decodes != 0
        || load.reservedTokens != 0
      {
        throw ReferenceFault("replica \(r) ends with \(replica.used) blocks and load \(load)")
      }
    }
  }
}
