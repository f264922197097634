import * as vscode from 'vscode';
import type { Metric } from '../core/types';
import type { Strategy } from '../core/mining/types';
import type { BackendChoice, ClassRule, EngineSettings, MineParams } from '../rpc/engine-protocol';
import { settings as ids } from '../contributions';

type SettingId = (typeof ids)[Exclude<keyof typeof ids, 'section'>];

/** Reads Margin's settings as they hold for one folder. Defaults come from package.json. */
export class Settings {
  readonly #values: vscode.WorkspaceConfiguration;

  constructor(readonly folder: vscode.Uri) {
    this.#values = vscode.workspace.getConfiguration(ids.section, folder);
  }

  get engine(): EngineSettings {
    const tfjsNodePath = this.#text(ids.tfjsNodePath);
    const by = this.#text(ids.annotator);
    return {
      model: this.#text(ids.model) ?? 'starter',
      backend: this.#get<BackendChoice>(ids.backend, 'auto'),
      ...(tfjsNodePath !== undefined && { tfjsNodePath }),
      classes: this.#classes,
      exclude: this.#get<string[]>(ids.exclude, []),
      svg: this.#get(ids.svg, false),
      ...(by !== undefined && { by }),
      decoder: this.#get<EngineSettings['decoder']>(ids.decoder, 'auto'),
    };
  }

  get mining(): Pick<MineParams, 'metric' | 'margin' | 'strategy' | 'topK' | 'perImage' | 'seed'> {
    return {
      metric: this.#get<Metric | 'auto'>(ids.distance, 'auto'),
      margin: this.#get(ids.margin, 0.2),
      strategy: this.#get<Strategy>(ids.strategy, 'nearest'),
      topK: this.#get(ids.topK, 200),
      perImage: this.#get(ids.perImage, 5),
      seed: this.seed,
    };
  }

  get seed(): number {
    return this.#get(ids.seed, 1);
  }

  get revealOpinion(): boolean {
    return this.#get(ids.revealOpinion, false);
  }

  get thumbnailSize(): number {
    return this.#get(ids.thumbnailSize, 1024);
  }

  /** Writes the model where it is already set, else for this folder. */
  async setModel(model: string): Promise<void> {
    const set = this.#values.inspect<string>(ids.model);
    const target =
      set?.workspaceFolderValue !== undefined || vscode.workspace.workspaceFile !== undefined
        ? vscode.ConfigurationTarget.WorkspaceFolder
        : vscode.ConfigurationTarget.Workspace;
    await this.#values.update(ids.model, model, target);
  }

  get #classes(): ClassRule {
    const rule = this.#get<'folder' | 'depth' | 'none'>(ids.classes, 'folder');
    return rule === 'depth' ? { depth: Math.max(1, this.#get(ids.classDepth, 1)) } : rule;
  }

  #text(id: SettingId): string | undefined {
    return this.#get(id, '').trim() || undefined;
  }

  #get<T>(id: SettingId, fallback: T): T {
    return this.#values.get<T>(id) ?? fallback;
  }
}
