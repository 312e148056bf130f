extension Trace {
  /// The trace with no prompt longer than `maxPrompt` and no output longer than `maxOutput`, where these are given;
  /// what was cut is counted in ``tally``.
  ///
  /// The end of a prompt is cut off: of its blocks those stay that are full of what is left.
  public func clipped(maxPrompt: Int32?, maxOutput: Int32?) -> Trace {
    let (promptLimit, outputLimit) = (maxPrompt ?? .max, maxOutput ?? .max)
    var trace = self
    for index in requests.indices {
      if requests[index].promptTokens > promptLimit {
        trace.requests[index].promptTokens = promptLimit
        trace.tally.clippedPrompts += 1
      }
      if requests[index].outputTokens > outputLimit {
        trace.requests[index].outputTokens = outputLimit
        trace.tally.clippedOutputs += 1
      }
    }
    guard trace.tally.clippedPrompts > tally.clippedPrompts, let blocks else { return trace }
    var renaming = BlockRenaming()
    var cut = PromptBlocks(unit: blocks.unit)
    for index in requests.indices {
      let isCut = requests[index].promptTokens > promptLimit
      let kept = isCut ? blocks[index].prefix(Int(promptLimit) / blocks.unit) : blocks[index]
      cut.append(renaming.names(of: kept))
    }
    trace.blocks = cut
    return trace
  }
}
