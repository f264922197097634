import * as vscode from 'vscode';
import type { Metric } from '../core/types';
import type { Strategy } from '../core/mining/types';
import type { BackendChoice, ClassRule, EngineSettings, MineParams, TrainParams } from '../rpc/engine-protocol';
import { settings as ids } from '../contributions';

type SettingId = (typeof ids)[Exclude<keyof typeof ids, 'section'>];

/** From the setting's names to the engine's. */
const AUGMENTATION = {
  affine: 'affine',
  'flip-horizontal': 'flipHorizontal',
  'flip-vertical': 'flipVertical',
  crop: 'crop',
  colour: 'colour',
  recolour: 'recolour',
} as const satisfies Record<string, keyof NonNullable<TrainParams['augmentation']>>;

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
      model: this.#text(ids.model) ?? this.#default<string>(ids.model),
      backend: this.#get<BackendChoice>(ids.backend),
      ...(tfjsNodePath !== undefined && { tfjsNodePath }),
      classes: this.#classes,
      exclude: this.#get<string[]>(ids.exclude),
      svg: this.#get<boolean>(ids.svg),
      ...(by !== undefined && { by }),
      decoder: this.#get<EngineSettings['decoder']>(ids.decoder),
      repeatShare: this.#share(ids.repeatShare),
      overlap: this.#share(ids.overlap),
    };
  }

  get mining(): Pick<MineParams, 'metric' | 'margin' | 'strategy' | 'topK' | 'perImage' | 'indexAbove' | 'seed'> {
    return {
      metric: this.#get<Metric | 'auto'>(ids.distance),
      margin: this.#margin,
      strategy: this.#get<Strategy>(ids.strategy),
      topK: this.#get<number>(ids.topK),
      perImage: this.#get<number>(ids.perImage),
      indexAbove: this.#get<number>(ids.indexAbove),
      seed: this.seed,
    };
  }

  /** What is switched on or off by the person; what is left out is up to the network. */
  get augmentation(): NonNullable<TrainParams['augmentation']> {
    const chosen = this.#get<Record<string, unknown>>(ids.augmentation);
    const entries = Object.entries(AUGMENTATION).filter(([id]) => typeof chosen[id] === 'boolean');
    return Object.fromEntries(entries.map(([id, name]) => [name, chosen[id]]));
  }

  get seed(): number {
    return this.#get<number>(ids.seed);
  }

  get revealOpinion(): boolean {
    return this.#get<boolean>(ids.revealOpinion);
  }

  get thumbnailSize(): number {
    return this.#get<number>(ids.thumbnailSize);
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
    const rule = this.#get<'folder' | 'depth' | 'none'>(ids.classes);
    return rule === 'depth' ? { depth: Math.max(1, this.#get<number>(ids.classDepth)) } : rule;
  }

  /** Nothing set, or nothing usable: what fits the model. */
  get #margin(): number | 'auto' {
    const margin = this.#values.get<unknown>(ids.margin);
    return typeof margin === 'number' && margin > 0 ? margin : 'auto';
  }

  #share(id: SettingId): number {
    return Math.min(1, Math.max(0, this.#get<number>(id)));
  }

  #text(id: SettingId): string | undefined {
    return this.#get<string>(id).trim() || undefined;
  }

  /** The value, or the default of package.json where someone wrote a value of another type. */
  #get<T>(id: SettingId): T {
    const value = this.#values.get<T>(id);
    const fallback = this.#default<T>(id);
    const fits = typeof value === typeof fallback && Array.isArray(value) === Array.isArray(fallback) && value !== null;
    return fits ? (value as T) : fallback;
  }

  #default<T>(id: SettingId): T {
    return this.#values.inspect<T>(id)!.defaultValue!;
  }
}
