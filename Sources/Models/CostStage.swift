extension StepCost {
  /// One stage of the pipeline.
  struct Stage: Sendable {
    /// The terms in the order they are summed: those that do not read decode contexts, then those that do.
    var terms: [CostTerm]
    /// The same, ready to be summed.
    var compiled: [CompiledTerm]
    /// Terms that do not read decode contexts.
    var fixedCount: Int
    /// Least seconds of the device's terms.
    var dispatch: Dispatch
    /// Seconds of the fixed terms of a decode-only step, by batch.
    var decodeFixed: [Double] = []
    var decodeRoofs: [RoofTimes] = []
    /// Least seconds of the contextual terms of a decode-only step, by batch: the dispatch time less the device's
    /// fixed terms, possibly negative.
    var decodeSlack: [Double] = []
    /// The contextual terms of a decode-only step, by batch, `contextualCount` for each.
    var decodeLines: [ContextLines] = []

    /// Whether a contextual term has a measured kernel, whose lines change with the context.
    var isMeasured = false
    /// Whether the first contextual term sees contexts through the window.
    var isWindowed = false

    /// Terms that read decode contexts.
    var contextualCount: Int { compiled.count - fixedCount }

    /// The line of contextual term `index` in a decode-only step of a tabulated batch, where one is measured. Apart, since
    /// the steps of most engines never ask.
    @inline(never)
    func line(_ index: Int, _ batch: Int, _ contexts: DecodeContexts) -> ContextLines {
      if let kernel = compiled[fixedCount + index].kernel {
        return compiled[fixedCount + index].decodeLine(kernel, batch: batch, contexts).line
      }
      return decodeLines[batch * contextualCount + index]
    }

    /// Whether the first contextual term lies on one line from `contexts` to a context in all of `last`.
    func isStraight(_ batch: Int, from contexts: DecodeContexts, to last: Int) -> Bool {
      guard isMeasured, let kernel = compiled[fixedCount].kernel else { return true }
      return compiled[fixedCount].decodeLine(kernel, batch: batch, contexts).until >= last
    }
  }
}
