import * as vscode from 'vscode';
import type { KappaInfo, SessionSummary } from '../../rpc/engine-protocol';
import { folderRef } from '../margin';
import type { Margin } from '../margin';
import { showFailure } from '../messages';
import { count } from '../words';

const t = vscode.l10n.t;
const SCHEME = 'margin-summary';

/** Shows how the judging goes, as a page of Markdown: VS Code renders it, themes it and reads it aloud. */
export class SummaryPage implements vscode.TextDocumentContentProvider {
  #text = '';
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.#changed.event;
  readonly #uri = vscode.Uri.from({ scheme: SCHEME, path: `/${t('Session Summary')}.md` });

  register(): vscode.Disposable {
    return vscode.Disposable.from(vscode.workspace.registerTextDocumentContentProvider(SCHEME, this), this.#changed);
  }

  provideTextDocumentContent(): string {
    return this.#text;
  }

  async show(margin: Margin): Promise<void> {
    const folder = await margin.folders.pick();
    if (!folder) return;
    try {
      this.#text = markdownOf(await margin.engine.call('summary', folderRef(folder)));
      this.#changed.fire(this.#uri);
      await vscode.commands.executeCommand('markdown.showPreview', this.#uri);
    } catch (error) {
      await showFailure(error, margin);
    }
  }
}

function markdownOf(summary: SessionSummary): string {
  const { session, total, perHour, same, different, incomparable, implied, contradictions, flagged } = summary;
  const rows: [string, string][] = [
    [t('Answers since the folder was opened'), count(session)],
    [t('Answers in all, repeats included'), count(total)],
    [t('Questions an hour'), perHour === undefined ? t('too few to say') : count(perHour)],
    [t('Same · different · can’t tell'), `${count(same)} · ${count(different)} · ${count(incomparable)}`],
    [t('Pairs that follow and need no answer'), count(implied)],
    [t('Contradictions'), count(contradictions)],
    [t('Flagged images'), count(flagged)],
  ];
  if (summary.consistency) rows.push([t('Consistency with yourself'), kappaText(summary.consistency)]);
  for (const { people, kappa } of summary.agreement)
    rows.push([t('Agreement of {0} and {1}', ...people), kappaText(kappa)]);
  if (summary.chanceOfChange !== undefined) {
    rows.push([
      t('Chance that the next hundred answers change anything'),
      `${Math.round(100 * summary.chanceOfChange)} %`,
    ]);
  }
  if (summary.lost) {
    rows.push([
      t('Answers about images that are gone or were edited'),
      t('{0} (about {1} images)', count(summary.lost.answers), count(summary.lost.images)),
    ]);
  }
  const table = rows.map(([name, value]) => `| ${name.replaceAll('|', '\\|')} | ${value} |`).join('\n');
  const hint =
    contradictions > 0
      ? `\n${t('Contradicted images stay out of exports until they are settled: run “Margin: Show Contradictions”.')}\n`
      : '';
  return `# ${t('Session Summary')}\n\n| | |\n|---|---:|\n${table}\n${hint}`;
}

function kappaText({ kappa, observed, pairs }: KappaInfo): string {
  return t('κ {0} ({1} % of {2} pairs alike)', kappa.toFixed(2), Math.round(100 * observed), count(pairs));
}
