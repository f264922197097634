import type { ImageHash, Relation, TripletVerdict } from '../../src/core/types';
import type { ClassOffer, ContradictionAnswer, ContradictionNow, ImageRef, Item } from '../../src/rpc/engine-protocol';
import type { LabelState } from '../../src/rpc/label-protocol';
import type { Action } from './keys';

type Ready = Extract<LabelState, { kind: 'ready' }>;
type Verdict = Relation | TripletVerdict;

/** The calls of the host that a person's doing leads to. */
export interface LabelCalls {
  answer(params: {
    itemId: string;
    verdict: Verdict;
    ms: number;
    token: string;
    repeat?: boolean;
  }): Promise<LabelState>;
  undo(params: { token: string }): Promise<LabelState>;
  flag(params: { image: ImageHash; token: string }): Promise<LabelState>;
  settle(params: { a: ImageHash; b: ImageHash; relation: Relation; token: string }): Promise<LabelState>;
  later(params: { what: 'contradiction' | 'offer' }): Promise<LabelState>;
  acceptOffer(params: { kind: OfferKind; token: string }): Promise<LabelState>;
}

type OfferKind = ClassOffer['choices'][number]['kind'];

export interface LabelModelOptions {
  calls: LabelCalls;
  /** milliseconds, monotonic */
  now(): number;
  token(): string;
  onChange(): void;
  /** said to screen readers */
  announce(what: Announcement): void;
}

export type Announcement =
  | { kind: 'item'; item: Item }
  | { kind: 'answered'; verdict: Verdict; item: Item }
  | { kind: 'contradiction'; now: ContradictionNow }
  | { kind: 'chosen'; answer: ContradictionAnswer; index: number }
  | { kind: 'offer'; offer: ClassOffer }
  | { kind: 'undone' | 'flagged' | 'done' | 'corrected' | 'later' | 'reclassed' };

/** What is kept through hide and show beside the host's snapshot: how one looks, not what one said. */
export interface Looks {
  /** pictures in one place, one at a time, instead of side by side */
  inPlace: boolean;
}

interface Pending {
  kind: 'answer' | 'undo' | 'flag' | 'settle' | 'later' | 'offer';
  /** the item that was judged, where it was one */
  item?: Item;
  verdict?: Verdict;
  since: number;
}

/**
 * What the Label page knows and does, apart from how it looks.
 *
 * A press acts at once: the next item is painted while the answer travels. It becomes live, that is, can be answered, only
 * when the host says that the answer is on disk; until then presses are passed over.
 */
export class LabelModel {
  readonly #options: LabelModelOptions;
  #state: LabelState | undefined;
  #pending: Pending | undefined;
  /** 0: the item to judge now; below: what was judged, latest first; above: what comes next */
  #position = 0;
  #shownAt = 0;
  #shownId: string | undefined;
  #offered: string | undefined;
  /** a failed call is sent again with its token, so that it cannot count twice */
  #unsent: { key: string; token: string } | undefined;

  looks: Looks = { inPlace: false };
  /** which picture is seen where they are in one place */
  face = 0;
  /** which answer of a contradiction is looked at */
  chosen = 0;
  flagging = false;
  help = false;
  failure: string | undefined;

  constructor(options: LabelModelOptions) {
    this.#options = options;
  }

  get state(): LabelState | undefined {
    return this.#state;
  }

  get position(): number {
    return this.#position;
  }

  /** An answer is on its way to the disk. */
  get pending(): Pending | undefined {
    return this.#pending;
  }

  /** Answers that contradict each other, to be settled before anything else is asked. */
  get contradiction(): ContradictionNow | undefined {
    return this.#ready?.window.contradiction;
  }

  /** A change of classes that the latest answer suggests. */
  get offer(): ClassOffer | undefined {
    return this.#ready?.window.offer;
  }

  /** The answer of the contradiction that is looked at. */
  get suspect(): ContradictionAnswer | undefined {
    const answers = this.contradiction?.answers;
    return answers?.[Math.min(this.chosen, answers.length - 1)];
  }

  /** The item that a key would judge. */
  get item(): Item | undefined {
    const ready = this.#ready;
    if (!ready || ready.window.contradiction) return undefined;
    return this.#position < 0 ? ready.window.history?.[-this.#position - 1] : ready.window.items[this.#position];
  }

  /** The item to paint: while an answer travels, the one after it. */
  get painted(): Item | undefined {
    if (this.contradiction) return undefined;
    if (this.#pending?.kind !== 'answer') return this.item;
    const items = this.#ready?.window.items;
    return this.#position < 0 ? items?.[0] : items?.[this.#position + 1];
  }

  /** Every picture to hold, in the order in which it will be needed. */
  get wanted(): ImageHash[] {
    const ready = this.#ready;
    if (!ready) return [];
    const { items: open, history = [] } = ready.window;
    const [first, ...next] = open;
    const shown = this.item;
    const suspects = [this.suspect, ...(this.contradiction?.answers ?? [])].flatMap(answer =>
      answer ? [answer.a.hash, answer.b.hash] : [],
    );
    const items = [shown, first, ...next, ...history.slice(0, Math.max(2, 1 - this.#position))].flatMap(item =>
      item ? imagesOf(item).map(image => image.hash) : [],
    );
    return [...suspects, ...items];
  }

  /** The host's snapshot. One that was made before an answer under way is passed over: the answer brings a newer one. */
  receive(state: LabelState): void {
    if (this.#pending) return;
    this.#take(state);
  }

  do(action: Action): void {
    switch (action.do) {
      case 'answer':
        void this.#answer(action.verdict);
        return;
      case 'undo':
        void this.#undo();
        return;
      case 'flag':
        if (this.item && !this.#pending) {
          this.flagging = !this.flagging;
          this.#options.onChange();
        }
        return;
      case 'pick':
        if (this.contradiction) this.#choose(action.index);
        else void this.#flag(action.index);
        return;
      case 'above':
        this.#choose(this.chosen - 1);
        return;
      case 'below':
        this.#choose(this.chosen + 1);
        return;
      case 'correct':
        void this.#settle(this.suspect?.flipTo);
        return;
      case 'unclear':
        void this.#settle('incomparable');
        return;
      case 'later':
        if (this.help) this.#escape();
        else if (this.looks.inPlace && this.contradiction) this.#escape();
        else void this.#later('contradiction');
        return;
      case 'merge':
      case 'relabel':
        void this.#accept(action.do);
        return;
      case 'flip':
        this.#flip();
        return;
      case 'back':
        this.#move(-1);
        return;
      case 'forth':
        this.#move(1);
        return;
      case 'help':
        this.help = !this.help;
        this.#options.onChange();
        return;
      case 'escape':
        this.#escape();
        return;
    }
  }

  /** Says no to what is offered. */
  dismissOffer(): void {
    void this.#later('offer');
  }

  dismissFailure(): void {
    this.failure = undefined;
    this.#options.onChange();
  }

  get #ready(): Ready | undefined {
    return this.#state?.kind === 'ready' ? this.#state : undefined;
  }

  async #answer(verdict: Verdict): Promise<void> {
    const item = this.item;
    if (!item || this.help) return;
    const ms = Math.max(0, this.#options.now() - this.#shownAt);
    const done = await this.#send('answer', item, `answer ${item.id} ${verdict}`, verdict, token =>
      this.#options.calls.answer({ itemId: item.id, verdict, ms, token, ...(item.repeat && { repeat: true }) }),
    );
    if (!done) return;
    this.#options.announce({ kind: 'answered', verdict, item });
    // What was changed in the past goes to the head of the history: back to where one was.
    if (this.#position < 0) this.#position = 0;
    this.#take(done);
  }

  async #undo(): Promise<void> {
    const ready = this.#ready;
    if (!ready?.window.canUndo || this.help) return;
    const item = this.item ?? ready.window.history?.[0];
    const done = await this.#send('undo', item, `undo ${String(ready.window.answers)}`, undefined, token =>
      this.#options.calls.undo({ token }),
    );
    if (!done) return;
    this.#position = 0;
    this.#options.announce({ kind: 'undone' });
    this.#take(done);
  }

  async #flag(index: number): Promise<void> {
    const item = this.item;
    const image = item && imagesOf(item)[index];
    if (!item || !image) return;
    this.flagging = false;
    const done = await this.#send('flag', item, `flag ${image.hash}`, undefined, token =>
      this.#options.calls.flag({ image: image.hash, token }),
    );
    if (!done) return;
    this.#position = Math.max(0, this.#position);
    this.#options.announce({ kind: 'flagged' });
    this.#take(done);
  }

  #choose(index: number): void {
    const answers = this.contradiction?.answers;
    if (!answers || index < 0 || index >= answers.length || this.help) return;
    this.chosen = index;
    this.face = 0;
    this.#options.announce({ kind: 'chosen', answer: answers[index]!, index });
  }

  async #settle(relation: Relation | undefined): Promise<void> {
    const suspect = this.suspect;
    if (!suspect || !relation || this.help) return;
    const { a, b } = suspect;
    const done = await this.#send('settle', undefined, `settle ${suspect.id} ${relation}`, relation, token =>
      this.#options.calls.settle({ a: a.hash, b: b.hash, relation, token }),
    );
    if (!done) return;
    this.#options.announce({ kind: 'corrected' });
    this.#take(done);
  }

  async #later(what: 'contradiction' | 'offer'): Promise<void> {
    if (!this[what]) return;
    const done = await this.#send('later', undefined, `later ${what}`, undefined, () =>
      this.#options.calls.later({ what }),
    );
    if (!done) return;
    this.#options.announce({ kind: 'later' });
    this.#take(done);
  }

  async #accept(which: 'merge' | 'relabel'): Promise<void> {
    const choice = this.offer?.choices.find(({ kind }) => (kind === 'merge') === (which === 'merge'));
    if (!choice || this.help) return;
    const { kind } = choice;
    const key = `${kind} ${String(choice.from)} ${choice.to}`;
    const done = await this.#send('offer', undefined, key, undefined, token =>
      this.#options.calls.acceptOffer({ kind, token }),
    );
    if (!done) return;
    this.#options.announce({ kind: 'reclassed' });
    this.#take(done);
  }

  /** One call at a time. Resolves to the new state, or to undefined when it failed or may not be sent now. */
  async #send(
    kind: Pending['kind'],
    item: Item | undefined,
    key: string,
    verdict: Verdict | undefined,
    call: (token: string) => Promise<LabelState>,
  ): Promise<LabelState | undefined> {
    if (this.#pending) return undefined;
    const token = this.#unsent?.key === key ? this.#unsent.token : this.#options.token();
    this.#unsent = { key, token };
    this.#pending = { kind, since: this.#options.now(), ...(item && { item }), ...(verdict && { verdict }) };
    this.failure = undefined;
    this.#options.onChange();
    try {
      const state = await call(token);
      this.#unsent = undefined;
      return state;
    } catch (error) {
      this.failure = error instanceof Error ? error.message : String(error);
      return undefined;
    } finally {
      this.#pending = undefined;
      if (this.failure !== undefined) this.#options.onChange();
    }
  }

  #flip(): void {
    const count = this.suspect ? 2 : this.item && imagesOf(this.item).length;
    if (count === undefined) return;
    if (!this.looks.inPlace) {
      this.looks = { inPlace: true };
      this.face = 0;
    } else this.face = (this.face + 1) % count;
    this.#options.onChange();
  }

  #escape(): void {
    if (this.help) this.help = false;
    else if (this.flagging) this.flagging = false;
    else if (this.offer) {
      void this.#later('offer');
      return;
    } else if (this.looks.inPlace) this.looks = { inPlace: false };
    else if (this.#position !== 0) {
      this.#move(-this.#position);
      return;
    } else return;
    this.#options.onChange();
  }

  #move(by: number): void {
    const ready = this.#ready;
    if (!ready || this.#pending) return;
    const first = -(ready.window.history?.length ?? 0);
    const last = Math.max(0, ready.window.items.length - 1);
    const to = Math.min(last, Math.max(first, this.#position + by));
    if (to === this.#position) return;
    this.#position = to;
    this.#show();
  }

  #take(state: LabelState): void {
    this.#state = state;
    if (state.kind === 'ready') {
      const { items, history = [] } = state.window;
      this.#position = Math.min(Math.max(this.#position, -history.length), Math.max(0, items.length - 1));
      if (items.length === 0 && this.#position === 0 && !state.window.contradiction)
        this.#options.announce({ kind: 'done' });
    } else this.#position = 0;
    this.#show();
  }

  /** What is before the person may have changed: its clock starts now, and its pictures from the first one. */
  #show(): void {
    const { item, contradiction, offer } = this;
    const id = contradiction ? contradiction.answers.map(answer => answer.id).join(' ') : item?.id;
    if (id !== this.#shownId) {
      this.#shownId = id;
      this.#shownAt = this.#options.now();
      this.face = 0;
      this.chosen = 0;
      this.flagging = false;
      if (contradiction) this.#options.announce({ kind: 'contradiction', now: contradiction });
      if (item) this.#options.announce({ kind: 'item', item });
    }
    const offered = offer && `${offer.a.hash} ${offer.b.hash}`;
    if (offered !== this.#offered) {
      this.#offered = offered;
      if (offer) this.#options.announce({ kind: 'offer', offer });
    }
    this.#options.onChange();
  }
}

/** An item's pictures in the order in which they are shown and numbered. */
export function imagesOf(item: Item): ImageRef[] {
  return item.kind === 'pair' ? [item.a, item.b] : [item.anchor, item.positive, item.negative];
}
