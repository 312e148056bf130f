import Timeline

/// The labels of tasks that most placement policies have.
struct LayerLabels: Sendable {
  var first = TaskLabel.unnamed
  var host = TaskLabel.unnamed
  var input = TaskLabel.unnamed
  var attention = TaskLabel.unnamed
  var output = TaskLabel.unnamed
  var feedForward = TaskLabel.unnamed
  var expert = TaskLabel.unnamed
  var copy = TaskLabel.unnamed
  var last = TaskLabel.unnamed

  init() {}

  init(_ plan: inout StepPlan) {
    first = plan.label("embedding")
    host = plan.label("dispatch")
    input = plan.label("projections")
    attention = plan.label("attention")
    output = plan.label("output")
    feedForward = plan.label("feed-forward")
    expert = plan.label("expert")
    copy = plan.label("copy")
    last = plan.label("head")
  }
}
