import ArgumentParser
import Foundation
import Scenario
import Study

/// `medley completions`: what a shell needs to complete command lines.
struct CompletionsVerb: ParsableCommand {
  /// The shells that are known.
  enum Shell: String, ExpressibleByArgument, CaseIterable {
    case bash, zsh, fish

    var kind: CompletionShell {
      switch self {
      case .bash: .bash
      case .zsh: .zsh
      case .fish: .fish
      }
    }
  }

  static let configuration = CommandConfiguration(
    commandName: "completions",
    abstract: "Writes a script that completes command lines in bash, zsh or fish.",
    discussion: """
      It completes verbs, options, scenario files, the variants and paths of
      the scenario named, and devices and models of the catalogue. Examples:

        source <(medley completions bash)
        medley completions zsh > ~/.zsh/completions/_medley
        medley completions fish > ~/.config/fish/completions/medley.fish
      """)

  @Argument(help: "The shell: \(Shell.allCases.map(\.rawValue).joined(separator: ", ")).")
  var shell: Shell

  func run() throws { Session.current.console.out(Root.completionScript(for: shell.kind) + "\n") }
}

/// What arguments may be completed to.
enum Completion {
  /// A scenario's file.
  static let scenario = CompletionKind.file(extensions: ["yaml"])
  /// A device of the catalogue.
  static let device = CompletionKind.custom { _, _, prefix in names(.device, prefix) }
  /// A model of the catalogue.
  static let model = CompletionKind.custom { _, _, prefix in names(.model, prefix) }
  /// A variant of the scenario that the command line names.
  static let variant = CompletionKind.custom { words, _, prefix in
    (scenario(in: words)?.variants ?? []).filter { $0.hasPrefix(prefix) }
  }
  /// A path that `--set` changes, in the scenario that the command line names.
  static let setting = CompletionKind.custom { words, _, prefix in
    let pools = (try? scenario(in: words)?.resolve())?.cluster.pools.map(\.name) ?? []
    return KeyTable.settable(pools: pools, policies: Session.current.policies).map { "\($0)=" }
      .filter { $0.hasPrefix(prefix) }
  }

  private static func names(_ kind: CatalogueKind, _ prefix: String) -> [String] {
    Catalogue.standard(for: ".").names(kind).filter { $0.hasPrefix(prefix) }
  }

  /// The scenario among the words of a command line; nil where none can be read.
  private static func scenario(in words: [String]) -> Scenario? {
    guard let path = words.first(where: { $0.hasSuffix(".yaml") }) else { return nil }
    return try? ScenarioReader(policies: Session.current.policies).read(path).scenario
  }
}
