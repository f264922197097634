import type { Lane } from '../../core/types';
import type { EngineProtocol, FolderRef, LabelWindow } from '../../rpc/engine-protocol';
import type {
  LabelCommand,
  LabelHostProtocol,
  LabelJob,
  LabelPageProtocol,
  LabelState,
} from '../../rpc/label-protocol';
import type { Transport } from '../../rpc/rpc';
import { Rpc, RpcError } from '../../rpc/rpc';
import type { Engine } from '../engineClient';
import { ENGINE_DOWN } from '../engineClient';
import { explain } from '../explain';
import type { Job, Jobs } from '../jobs';
import {
  answerParams,
  commandParams,
  flagParams,
  focusParams,
  laterParams,
  offerParams,
  settleParams,
  thumbnailParams,
  undoParams,
} from './validate';

/** Where the panel works, as the window stands now. */
export type Place =
  | { kind: 'no-folder' }
  | { kind: 'untrusted' }
  | {
      kind: 'folder';
      ref: FolderRef;
      /** whether anything was ever mined or answered here: if not, the engine need not start to say so */
      used: boolean;
      revealOpinion: boolean;
      thumbnailSize: number;
    };

export interface LabelControllerOptions {
  engine: Engine;
  jobs: Jobs;
  place(): Promise<Place>;
  describe(job: Job): LabelJob;
  /** which lane a folder was left at */
  lane: { get(folder: string): Lane | undefined; set(folder: string, lane: Lane): void };
  run(command: Exclude<LabelCommand, 'retry'>): void;
  onFocus(focused: boolean): void;
  /** what the view's title bar tells of the state */
  onShown(state: LabelState): void;
  log: { warn(message: string): void };
}

/** What went wrong, what to do, and how to do it again. */
export interface Failure {
  message: string;
  hint?: string;
  again?(): void;
}

/** The item to judge and the eight after it. */
const AHEAD = 9;
const REFRESH_AFTER_MS = 150;
const SMALLEST_THUMBNAIL = 64;

/**
 * What stands behind the Label page: answers its calls out of the engine, and pushes a full snapshot when something
 * changed. It holds no items of its own, so hiding the view, a reload or a crash of the engine loses and repeats nothing.
 */
export class LabelController {
  readonly #options: LabelControllerOptions;
  #page: Rpc<LabelHostProtocol, LabelPageProtocol> | undefined;
  /** answers, undos and snapshots one after the other: what a page sees is never older than what it did */
  #queue: Promise<unknown> = Promise.resolve();
  #refresh: NodeJS.Timeout | undefined;
  #failure: Failure | undefined;
  #notice: string | undefined;
  /** what was shown last: progress is painted over it without asking the engine, which has other things to do */
  #last: LabelState | undefined;
  /** of which folder that was */
  #lastFolder: string | undefined;
  /** The person's latest doing failed because the engine was given up. */
  #givenUp = false;

  constructor(options: LabelControllerOptions) {
    this.#options = options;
    options.jobs.onChanged(job => {
      if (!job) {
        this.refresh();
        return;
      }
      this.#failure = undefined;
      this.#showJob();
    });
  }

  /** A page was loaded: from now on it is the one that is served. Returns what disconnects it. */
  connect(transport: Transport): () => void {
    this.#page?.dispose('the page was loaded again');
    const page: Rpc<LabelHostProtocol, LabelPageProtocol> = new Rpc<LabelHostProtocol, LabelPageProtocol>(
      transport,
      {
        ready: () => this.#inTurn(() => this.#snapshot()),
        answer: raw => this.#act('answer', answerParams(raw)),
        undo: raw => this.undo(undoParams(raw).token),
        flag: raw => this.#act('flag', flagParams(raw)),
        settle: raw => this.#act('settle', settleParams(raw)),
        later: raw => this.#act('later', laterParams(raw)),
        acceptOffer: raw => this.#act('acceptOffer', offerParams(raw)),
        thumbnail: async raw => {
          const { hash, size } = thumbnailParams(raw);
          const place = await this.#folder();
          const wanted = Math.max(SMALLEST_THUMBNAIL, Math.min(size, place.thumbnailSize));
          const picture = await this.#options.engine.call('thumbnail', { ...place.ref, hash, size: wanted });
          // A copy of its own: VS Code sends the whole buffer under a view, and knows no Node `Buffer`.
          return { ...picture, bytes: new Uint8Array(picture.bytes) };
        },
        command: raw => {
          const { id } = commandParams(raw);
          if (id === 'retry') this.#retry();
          else this.#options.run(id);
          return null;
        },
      },
      {
        focus: raw => {
          try {
            this.#options.onFocus(focusParams(raw).focused);
          } catch (error) {
            this.#options.log.warn(String(error));
          }
        },
      },
    );
    this.#page = page;
    return () => {
      page.dispose('the page is gone');
      if (this.#page === page) this.#page = undefined;
    };
  }

  /** Sends a fresh snapshot soon; many calls at once make one. */
  refresh(): void {
    if (!this.#page || this.#refresh) return;
    this.#refresh = setTimeout(() => {
      this.#refresh = undefined;
      void this.#inTurn(async () => this.#page?.notify('state', await this.#snapshot({ judging: true })));
    }, REFRESH_AFTER_MS);
  }

  /** Takes the keyboard, where a page is there to take it. */
  focus(): void {
    this.#page?.notify('focus', {});
  }

  /** Turns to a lane of the folder that is open. */
  async show(lane: Lane): Promise<void> {
    this.#failure = undefined;
    this.#notice = undefined;
    const place = await this.#options.place();
    if (place.kind === 'folder') this.#options.lane.set(place.ref.folder, lane);
    this.refresh();
  }

  /** Says why there is nothing to judge, until something is mined. */
  explain(notice: string): void {
    this.#notice = notice;
    this.refresh();
  }

  /** Shows what went wrong, until the person tries again (which runs `again`, where it is given) or goes elsewhere. */
  fail(failure: Failure): void {
    this.#failure = failure;
    this.refresh();
  }

  /** Takes up every contradiction, to be shown one by one. Returns how many can be shown here. */
  showContradictions(): Promise<number> {
    this.#failure = undefined;
    return this.#inTurn(async () => {
      const { ref } = await this.#folder();
      const { count } = await this.#options.engine.call('takeUpContradictions', ref);
      const state = await this.#snapshot();
      this.#page?.notify('state', state);
      return state.kind === 'ready' ? count : 0;
    });
  }

  /** Leaves a failure behind: what is there is shown again. */
  dismiss(): void {
    this.#failure = undefined;
    this.refresh();
  }

  #retry(): void {
    const again = this.#failure?.again;
    this.#options.engine.restart();
    this.dismiss();
    again?.();
  }

  /** Takes back the latest answer and turns to its lane. */
  undo(token: string): Promise<LabelState> {
    return this.#does(async () => {
      const place = await this.#folder();
      const lane = this.#options.lane.get(place.ref.folder);
      const params = lane === undefined ? { ...place.ref, token } : { ...place.ref, lane, token };
      const { undone, ...window } = await this.#options.engine.call('undo', params);
      if (undone && undone.lane !== window.lane?.lane) {
        this.#options.lane.set(place.ref.folder, undone.lane);
        return this.#snapshot();
      }
      return this.#shown(window);
    });
  }

  /** Whether answers wait in the engine's memory for a disk that does not take them. */
  get unsaved(): boolean {
    return this.#last?.kind === 'ready' && this.#last.window.unsaved !== undefined;
  }

  dispose(): void {
    clearTimeout(this.#refresh);
    this.#page?.dispose('Margin was closed');
    this.#page = undefined;
  }

  /** One act of the person in the lane that the page shows; resolves to what is shown after it. */
  #act<M extends 'answer' | 'flag' | 'settle' | 'later' | 'acceptOffer'>(
    method: M,
    params: LabelHostProtocol['calls'][M]['params'],
  ): Promise<LabelState> {
    return this.#does(async () => {
      const { ref, lane } = await this.#labelling();
      const whole = { ...ref, lane, ...params } as unknown as EngineProtocol['calls'][M]['params'];
      return this.#shown(await this.#options.engine.call(method, whole));
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(work);
    this.#queue = result.catch(() => undefined);
    return result;
  }

  /** What a person does, in turn. Done once more, as the page advises, it starts an engine again that was given up. */
  #does<T>(work: () => Promise<T>): Promise<T> {
    return this.#inTurn(async () => {
      if (this.#givenUp) this.#options.engine.restart();
      this.#givenUp = false;
      try {
        return await work();
      } catch (error) {
        this.#givenUp = isGivenUp(error);
        throw error;
      }
    });
  }

  /** `judging`: what is shown stays where the engine was given up; the next key tells, is not lost, and starts it again. */
  async #snapshot({ judging = false } = {}): Promise<LabelState> {
    return this.#remember(await this.#state(judging));
  }

  #remember(state: LabelState): LabelState {
    this.#last = state;
    this.#options.onShown(state);
    return state;
  }

  #showJob(): void {
    void this.#inTurn(() => {
      const { jobs, describe } = this.#options;
      const last = this.#last;
      if (!jobs.current || !last || last.kind === 'no-folder' || last.kind === 'untrusted') return Promise.resolve();
      const job = describe(jobs.current);
      this.#page?.notify(
        'state',
        this.#remember(last.kind === 'ready' ? { ...last, job } : { kind: 'working', ...job }),
      );
      return Promise.resolve();
    });
  }

  async #state(judging: boolean): Promise<LabelState> {
    const { engine, jobs, describe } = this.#options;
    const place = await this.#options.place();
    if (place.kind !== 'folder') return place;
    if (this.#failure) {
      const { message, hint } = this.#failure;
      return { kind: 'error', message, ...(hint !== undefined && { hint }) };
    }
    const job = jobs.current && describe(jobs.current);
    const idle: LabelState = job
      ? { kind: 'working', ...job }
      : { kind: 'nothing-mined', ...(this.#notice === undefined ? {} : { message: this.#notice }) };
    if (!place.used) return idle;
    try {
      const lane = this.#options.lane.get(place.ref.folder);
      const window = await engine.call('window', { ...place.ref, ...(lane && { lane }), count: AHEAD });
      if (!window.lane) return idle;
      this.#options.lane.set(place.ref.folder, window.lane.lane);
      this.#lastFolder = place.ref.folder;
      return {
        kind: 'ready',
        lane: window.lane.lane,
        window,
        revealOpinion: place.revealOpinion,
        ...(job && { job }),
      };
    } catch (error) {
      const shown = this.#lastFolder === place.ref.folder ? this.#last : undefined;
      if (judging && shown?.kind === 'ready' && isGivenUp(error)) return shown;
      return { kind: 'error', ...explain(error) };
    }
  }

  /** The state after an answer, out of the window that came with it. */
  async #shown(window: LabelWindow): Promise<LabelState> {
    const place = await this.#options.place();
    if (place.kind !== 'folder' || !window.lane) return this.#snapshot();
    const job = this.#options.jobs.current;
    return this.#remember({
      kind: 'ready',
      lane: window.lane.lane,
      window,
      revealOpinion: place.revealOpinion,
      ...(job && { job: this.#options.describe(job) }),
    });
  }

  async #folder(): Promise<Extract<Place, { kind: 'folder' }>> {
    const place = await this.#options.place();
    if (place.kind !== 'folder') throw new RpcError('no-folder', 'No folder of images is open here.');
    return place;
  }

  async #labelling(): Promise<{ ref: FolderRef; lane: Lane }> {
    const { ref } = await this.#folder();
    // What the page shows decides, not what is about to be shown.
    const lane = this.#last?.kind === 'ready' ? this.#last.lane : this.#options.lane.get(ref.folder);
    if (!lane) throw new RpcError('no-lane', 'Nothing is mined in this folder yet.');
    return { ref, lane };
  }
}

function isGivenUp(error: unknown): boolean {
  return error instanceof RpcError && error.code === ENGINE_DOWN;
}
