@preconcurrency import Dispatch
import Foundation
import Synchronization

/// One line on standard error that says how far long work is.
///
/// On a terminal the line is overwritten and vanishes at the end; elsewhere, where it was asked for, every change is
/// a line of its own. Nothing shows in the first half second.
final class ProgressLine: Sendable {
  /// Whether to show progress.
  enum Mode: Sendable {
    /// Where someone watches.
    case automatic
    /// Always.
    case always
    /// Never.
    case never
  }

  private struct State {
    var text = ""
    var told = ""
    var shown = 0
    var ended = false
  }

  private let console: Console
  private let began = ContinuousClock.now
  private let state = Mutex(State())
  /// Shows the line twice a second; nil where nothing is shown.
  private let timer: (any DispatchSourceTimer)?

  /// A line that shows itself until ``end()``.
  init(_ mode: Mode, _ console: Console) {
    self.console = console
    let isShown = mode == .always || mode == .automatic && console.isWatched
    timer = isShown ? DispatchSource.makeTimerSource(queue: .global(qos: .userInitiated)) : nil
    timer?.setEventHandler { [weak self] in self?.show() }
    timer?.schedule(deadline: .now() + .milliseconds(500), repeating: .milliseconds(500))
    timer?.resume()
  }

  /// What is being done.
  func set(_ text: String) { state.withLock { $0.text = text } }

  /// Removes the line.
  func end() {
    timer?.cancel()
    state.withLock { state in
      guard !state.ended else { return }
      state.ended = true
      if console.isWatched, state.shown > 0 { console.err("\r" + String(repeating: " ", count: state.shown) + "\r") }
    }
  }

  private func show() {
    let seconds = (ContinuousClock.now - began).components.seconds
    state.withLock { state in
      guard !state.ended, !state.text.isEmpty else { return }
      let line = "\(state.text), \(seconds) s"
      if console.isWatched {
        console.err("\r" + line + String(repeating: " ", count: max(0, state.shown - line.count)))
      } else if state.told != state.text {
        console.err(line + "\n")
      }
      state.told = state.text
      state.shown = line.count
    }
  }
}
