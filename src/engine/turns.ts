import type { Leases } from '../dataset/ledger';
import type { LaneView } from './lane-view';
import type { CandidateQuestion } from './lanes';

/** The question on the screen and those painted before the next look: nobody else is asked them meanwhile. */
const LEASED = 3;
/** How many times others may be stepped around before what they hold is shown all the same. */
const ROUNDS = 40;
/** How long a window that is just closing may take to give back what it holds, and how often that is looked at, milliseconds. */
const CLOSING = 2000;
const LOOK = 50;
/** After how long questions on other people's screens are looked at again, milliseconds. */
const AGAIN = 15_000;

export interface NextQuestions {
  candidates: CandidateQuestion[];
  /** set where nothing is left but what is on somebody else's screen: who */
  elsewhere?: string;
}

/** Which questions this window may ask while others judge the same folder: it leases what it shows. */
export class Turns {
  #looked = false;
  #timer: NodeJS.Timeout | undefined;

  /** @param again called some time after all that is left was on other screens */
  constructor(
    readonly leases: Leases,
    readonly again: () => void,
  ) {}

  /** The next open questions of a lane that nobody else has on their screen; `first` before all others. */
  async next(view: LaneView, count: number, first?: string): Promise<NextQuestions> {
    const passed = new Set<string>();
    let candidates = view.next(count, first);
    for (let round = 0; round < ROUNDS; round++) {
      const ahead = candidates.slice(0, LEASED).map(({ id }) => id);
      const free = await this.#keep(ahead);
      const held = ahead.filter(id => !free.has(id) && id !== first);
      if (held.length === 0) return { candidates };
      for (const id of held) passed.add(id);
      candidates = view.next(count, first, passed);
      if (candidates.length > 0) continue;
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        this.again();
      }, AGAIN).unref();
      return { candidates, elsewhere: (await this.leases.heldBy(held[0])) ?? '' };
    }
    return { candidates };
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.leases.release();
  }

  async #keep(ids: readonly string[]): Promise<Set<string>> {
    const first = !this.#looked;
    this.#looked = true;
    let free = await this.leases.keep(ids);
    if (!first) return free;
    // After a reload the window before this one may still hold what it showed: that question must come back.
    for (let waited = 0; waited < CLOSING; waited += LOOK) {
      const own = await Promise.all(ids.map(async id => !free.has(id) && this.leases.isOwnElsewhere(id)));
      if (!own.includes(true)) break;
      await new Promise(resolve => setTimeout(resolve, LOOK));
      free = await this.leases.keep(ids);
    }
    return free;
  }
}
