import { readdir } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Lane } from '../core/types';
import { readModel } from '../model';
import type {
  AnswerParams,
  BackendInfo,
  EditedImage,
  EmbedResult,
  EngineProtocol,
  EngineSettings,
  FolderRef,
  Item,
  LabelWindow,
  LaneState,
  MineParams,
  MineResult,
  ModelInfo,
  PairItem,
  ScanResult,
  Thumbnail,
} from '../rpc/engine-protocol';
import type { Assets } from './assets';
import { Embedders } from './embedders';
import { answerFiles } from './jobs/answer';
import { measureSpeed, type BenchParams, type BenchResult } from './jobs/bench';
import { evaluateModel } from './jobs/evaluate';
import { exportFolder } from './jobs/export';
import { importAnswers } from './jobs/import';
import { mineLane, refuseEmpty } from './jobs/mine';
import { trainModel } from './jobs/train';
import { fillVectors } from './jobs/vectors';
import { ManifestViews } from './manifest-view';
import type { JobOptions } from './progress';
import { Review } from './review';
import { Workspace } from './workspace';

type Calls = EngineProtocol['calls'];
type Params<M extends keyof Calls> = Calls[M]['params'];
type Result<M extends keyof Calls> = Calls[M]['result'];

export interface EngineEvents {
  log(level: 'debug' | 'info' | 'warn', message: string): void;
  changed(folder: string, what: 'answers' | 'lanes' | 'models'): void;
  /** judged images were found edited: their answers no longer count for what lies there now */
  edited?(folder: string, images: EditedImage[]): void;
}

/** Items that the panel holds: the one shown and the next eight. */
const WINDOW = 9;

/**
 * The heavy work, without VS Code: the same class serves the forked process and the command line. Folders open on first
 * mention; nothing here is worth more than a restart.
 */
export class Engine {
  readonly #workspaces = new Map<string, Promise<Workspace>>();
  readonly #turns = new Map<string, Promise<unknown>>();
  readonly #embedders: Embedders;
  /** manifests that are being looked at */
  readonly manifests = new ManifestViews(ref => this.#open(ref));

  constructor(
    readonly assets: Assets,
    readonly events: EngineEvents,
  ) {
    this.#embedders = new Embedders(assets, message => events.log('info', message));
  }

  backend({ folder, settings }: FolderRef): Promise<BackendInfo> {
    return this.#embedders.backend(folder, settings);
  }

  async scan(params: FolderRef, options: JobOptions = {}): Promise<ScanResult> {
    const workspace = await this.#open(params);
    const backend = await this.#embedders.backend(params.folder, params.settings);
    const { images, files, problems, skipped, conflicts } = await this.#alone(params.folder, () =>
      workspace.takeInventory(params.settings, options),
    );
    const classes = new Map<string, number>();
    for (const { class: name } of images) if (name !== null) classes.set(name, (classes.get(name) ?? 0) + 1);
    const { info } = workspace.decoder(params.settings);
    return {
      images: files,
      distinct: images.length,
      classes: [...classes].map(([name, count]) => ({ name, images: count })),
      unclassed: images.filter(image => image.class === null).length,
      problems,
      conflicts: conflicts.map(({ places }) => places),
      skipped,
      backend,
      decoder: { name: info.name, why: info.why },
    };
  }

  async embed(params: FolderRef, options: JobOptions = {}): Promise<EmbedResult> {
    const { folder, settings } = params;
    const workspace = await this.#open(params);
    return this.#alone(folder, async () => {
      const started = performance.now();
      const inventory = await workspace.takeInventory(settings, options);
      refuseEmpty(folder, inventory.images, inventory.problems);
      return this.#embedders.use(folder, settings, options.signal, async embedder => {
        const filled = await fillVectors(workspace, inventory.images, embedder, settings, options);
        const problems = [...inventory.problems, ...filled.problems];
        this.#nameProblems(problems);
        return {
          model: embedder.name,
          dimension: embedder.dimension,
          images: inventory.images.length,
          embedded: filled.embedded,
          fromCache: filled.fromCache,
          problems,
          seconds: (performance.now() - started) / 1000,
          backend: { name: embedder.backend.name, why: embedder.backend.why },
        };
      });
    });
  }

  async mine(params: MineParams, options: JobOptions = {}): Promise<MineResult> {
    const result = await this.#job(params, workspace =>
      mineLane(workspace, params, this.#embedders, this.assets, options),
    );
    this.#nameProblems(result.problems);
    this.events.changed(params.folder, 'lanes');
    return result;
  }

  async lanes(params: FolderRef): Promise<LaneState[]> {
    const workspace = await this.#open(params);
    await workspace.ledger.refresh();
    return workspace.labelling.states();
  }

  async window({ lane, count, from, ...ref }: Params<'window'>): Promise<LabelWindow> {
    const workspace = await this.#open(ref);
    await workspace.ledger.refresh();
    return workspace.labelling.window(lane, count, from);
  }

  /** Every candidate of a mined lane as it was ranked, judged ones too. */
  async candidates(params: FolderRef & { lane: Lane }): Promise<Item[]> {
    const workspace = await this.#open(params);
    return workspace.labelling.ranked(params.lane);
  }

  /** Pairs on which people differ, the weightiest first, each with what everybody said. */
  async disagreements(params: FolderRef, options: JobOptions = {}): Promise<PairItem[]> {
    const workspace = await this.#open(params);
    await workspace.ledger.refresh();
    await this.#alone(params.folder, () => workspace.takeInventory(params.settings, options));
    return workspace.labelling
      .ranked('disagreements')
      .flatMap(({ isOpen, ...item }) => (isOpen && item.kind === 'pair' ? [item] : []));
  }

  async answer({ folder, settings, ...given }: AnswerParams): Promise<LabelWindow> {
    const { labelling } = await this.#open({ folder, settings });
    await labelling.answer(given);
    return labelling.window(given.lane, WINDOW);
  }

  async settle({ lane, a, b, relation, token, ...ref }: Params<'settle'>): Promise<LabelWindow> {
    const { labelling } = await this.#open(ref);
    await labelling.settle(a, b, relation, token);
    return labelling.window(lane, WINDOW);
  }

  async later({ lane, what, ...ref }: Params<'later'>): Promise<LabelWindow> {
    const { labelling } = await this.#open(ref);
    labelling.later(what);
    return labelling.window(lane, WINDOW);
  }

  async takeUpContradictions(ref: FolderRef): Promise<{ count: number }> {
    const { ledger, contradictions } = await this.#open(ref);
    await ledger.refresh();
    return { count: contradictions.all() };
  }

  async acceptOffer({ lane, kind, token, ...ref }: Params<'acceptOffer'>): Promise<LabelWindow> {
    const { labelling } = await this.#open(ref);
    await labelling.acceptOffer(kind, token);
    return labelling.window(lane, WINDOW);
  }

  async undo({ lane, token, ...ref }: Params<'undo'>): Promise<Result<'undo'>> {
    const workspace = await this.#open(ref);
    const undone = await workspace.labelling.undo(lane, token);
    const same = undone !== undefined && (lane === undefined || undone.lane === lane);
    const window = await workspace.labelling.window(lane ?? undone?.lane, WINDOW, same ? undone.id : undefined);
    return { ...window, ...(undone && { undone }) };
  }

  async flag({ lane, image, token, ...ref }: Params<'flag'>): Promise<LabelWindow> {
    const workspace = await this.#open(ref);
    await workspace.ledger.flag(image, { token });
    workspace.labelling.refresh([image]);
    // No pair is touched, so the ledger tells nobody: the views list flags all the same.
    this.events.changed(ref.folder, 'answers');
    return workspace.labelling.window(lane, WINDOW);
  }

  /** Looking back at what was answered. */
  async review({ folder, settings }: FolderRef): Promise<Review> {
    const workspace = await this.#open({ folder, settings });
    await workspace.ledger.refresh();
    return new Review(workspace);
  }

  async thumbnail({ hash, size, ...ref }: Params<'thumbnail'>): Promise<Thumbnail> {
    const workspace = await this.#open(ref);
    return workspace.thumbnail(hash, Math.min(2048, Math.max(16, Math.round(size))), ref.settings);
  }

  async models({ folder }: FolderRef): Promise<ModelInfo[]> {
    const modelsDir = path.join(folder, '.margin', 'models');
    const names = await readdir(modelsDir, { withFileTypes: true }).catch(() => []);
    const refs = [
      'starter',
      ...names
        .filter(entry => entry.isDirectory())
        .map(entry => entry.name)
        .sort(),
    ];
    const found: ModelInfo[] = [];
    for (const ref of refs) {
      try {
        const { card } = await readModel(ref, { modelsDir, starterDir: path.join(this.assets.models, 'starter') });
        const { width, height, channels } = card.input;
        found.push({
          id: ref,
          name: card.name,
          where: ref === 'starter' ? 'shipped' : 'folder',
          input: `${width} × ${height} × ${channels}`,
          metric: card.embedding.metric,
          ...(card.embedding.dimension !== undefined && { dimension: card.embedding.dimension }),
          ...(card.description !== undefined && { description: card.description }),
        });
      } catch (error) {
        this.events.log('warn', String(error));
      }
    }
    return found;
  }

  async export(params: Params<'export'>, options: JobOptions = {}): Promise<Result<'export'>> {
    const workspace = await this.#open(params);
    await workspace.ledger.refresh();
    return this.#alone(params.folder, () => exportFolder(workspace, params, this.assets, options));
  }

  async import(params: Params<'import'>, options: JobOptions = {}): Promise<Result<'import'>> {
    const workspace = await this.#open(params);
    await workspace.ledger.refresh();
    return this.#alone(params.folder, () => importAnswers(workspace, params, options));
  }

  async train(params: Params<'train'>, options: JobOptions = {}): Promise<Result<'train'>> {
    const workspace = await this.#open(params);
    await workspace.ledger.refresh();
    const result = await this.#alone(params.folder, () =>
      trainModel(workspace, params, this.#embedders, this.assets, options),
    );
    this.#nameProblems(result.problems);
    return result;
  }

  async evaluate(params: Params<'evaluate'>, options: JobOptions = {}): Promise<Result<'evaluate'>> {
    const workspace = await this.#open(params);
    const open = (folder: string) => this.#open({ folder, settings: params.settings });
    const result = await this.#alone(params.folder, () =>
      evaluateModel(workspace, params, this.#embedders, options, open),
    );
    this.#nameProblems(result.problems);
    return result;
  }

  /** Measures this machine; see `measureSpeed`. */
  bench(params: BenchParams, options: JobOptions = {}): Promise<BenchResult> {
    return measureSpeed(params, this.#embedders, this.assets, options);
  }

  /** Adds one answer about two files of the folder, for scripts; `settle`: what people said of them before counts no more. */
  async answerFiles(
    params: FolderRef & { a: string; b: string; relation: 'same' | 'different' | 'incomparable'; settle?: boolean },
  ): Promise<{ id: string }> {
    const workspace = await this.#open(params);
    return answerFiles(workspace, params);
  }

  async clearCache(params: FolderRef): Promise<{ bytes: number }> {
    const workspace = await this.#open(params);
    return this.#alone(params.folder, async () => {
      const bytes = await workspace.margin.clearCache();
      await this.#close(params.folder);
      this.events.changed(params.folder, 'lanes');
      return { bytes };
    });
  }

  async dispose(): Promise<void> {
    await Promise.allSettled([...this.#workspaces.keys()].map(folder => this.#close(folder)));
    await this.manifests.dispose();
    await this.#embedders.dispose();
  }

  /** Files that gave no picture are named in the log; the panel and the command line count them. */
  #nameProblems(problems: readonly { path: string; reason: string }[]): void {
    for (const { path: file, reason } of problems) this.events.log('warn', `${file}: ${reason}`);
  }

  /** Opens the folder when its turn comes: what went before may have closed it. */
  #job<T>(ref: FolderRef, job: (workspace: Workspace) => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.#alone(ref.folder, async () => {
      signal?.throwIfAborted();
      return job(await this.#open(ref));
    });
  }

  /** Jobs on one folder take turns; labelling does not wait for them. */
  #alone<T>(folder: string, job: () => Promise<T>): Promise<T> {
    const mine = (this.#turns.get(folder) ?? Promise.resolve()).then(job);
    this.#turns.set(
      folder,
      mine.catch(() => undefined),
    );
    return mine;
  }

  async #open({ folder, settings }: { folder: string; settings: EngineSettings }): Promise<Workspace> {
    let opening = this.#workspaces.get(folder);
    // Whoever judges is part of an open ledger: another person's answers need another one.
    if (opening && settings.by && (await opening.catch(() => undefined))?.ledger.by !== settings.by) {
      if (this.#workspaces.get(folder) === opening) await this.#close(folder);
      opening = this.#workspaces.get(folder);
    }
    if (!opening) {
      const fallback = path.join(process.env['XDG_CACHE_HOME'] ?? path.join(os.homedir(), '.cache'), 'margin');
      opening = Workspace.open(folder, settings, fallback, {
        log: (level, message) => this.events.log(level, message),
        changed: what => this.events.changed(folder, what),
        edited: images => this.events.edited?.(folder, images),
      });
      this.#workspaces.set(folder, opening);
      opening.catch(() => this.#workspaces.delete(folder));
    }
    const workspace = await opening;
    workspace.follow(settings);
    return workspace;
  }

  async #close(folder: string): Promise<void> {
    const opening = this.#workspaces.get(folder);
    this.#workspaces.delete(folder);
    await (await opening?.catch(() => undefined))?.close();
  }
}
