import { classProposals } from '../core/relations';
import type { ClassProposal } from '../core/relations';
import type { ImageHash } from '../core/types';
import type { Ledger, StandingAnswer } from '../dataset/ledger';
import type { ClassOffer, ImageRef } from '../rpc/engine-protocol';
import type { Knowledge } from './knowledge';

type Kind = ClassProposal['kind'];

export interface ClassOffersParts {
  ledger: Ledger;
  knowledge: Knowledge;
  /** where images were last seen, and of which class they are */
  seen(): ReadonlyMap<ImageHash, ImageRef>;
}

/**
 * “This mined negative is really the same”: what that may mean for the classes, offered after the answer and never pressed.
 * Of each two classes only the first such answer leads to an offer, and it stands until the next answer or until it is
 * dismissed.
 */
export class ClassOffers {
  /** by two classes: the act that led to the offer, or nothing where an answer of before this engine did */
  readonly #offered = new Map<string, string | undefined>();
  readonly #dismissed = new Set<string>();
  #started = false;

  constructor(readonly parts: ClassOffersParts) {}

  /** The offer to show now. */
  current(): ClassOffer | undefined {
    const found = this.#find();
    if (!found) return undefined;
    const { answer, proposals } = found;
    const seen = this.parts.seen();
    return {
      a: seen.get(answer.a) ?? { hash: answer.a, path: '' },
      b: seen.get(answer.b) ?? { hash: answer.b, path: '' },
      choices: proposals.map(({ kind, images, from, to }) => ({ kind, images: images.length, from, to })),
    };
  }

  /** The images that an offered change touches, and their new class; undefined where it is not offered now. */
  change(kind: Kind): { images: ImageHash[]; to: string } | undefined {
    return this.#find()?.proposals.find(proposal => proposal.kind === kind);
  }

  dismiss(): void {
    const found = this.#find();
    if (found) this.#dismissed.add(found.act);
  }

  #find(): { act: string; answer: StandingAnswer; proposals: ClassProposal[] } | undefined {
    const { ledger, knowledge } = this.parts;
    const { state, by } = ledger;
    const act = state.lastOf(by);
    if (act === undefined || this.#dismissed.has(act)) return undefined;
    const answer = state.answersWith(act).find(each => each.relation === 'same' && this.#classes(each) !== undefined);
    if (!answer || knowledge.graph.isContradicted(answer.a)) return undefined;
    if (!this.#isFirst(this.#classes(answer)!, act)) return undefined;
    const proposals = this.#proposals(answer);
    return proposals.length > 0 ? { act, answer, proposals } : undefined;
  }

  /** The two classes of an answer as one key; undefined where they are one, or neither is known. */
  #classes({ a, b }: { a: ImageHash; b: ImageHash }): string | undefined {
    const seen = this.parts.seen();
    const [x, y] = [seen.get(a), seen.get(b)];
    if (!x || !y || x.class === y.class) return undefined;
    return JSON.stringify([x.class ?? '', y.class ?? ''].sort());
  }

  #isFirst(classes: string, act: string): boolean {
    const { state, by } = this.parts.ledger;
    if (!this.#started) {
      this.#started = true;
      const now = new Set(state.answersWith(act).map(({ id }) => id));
      for (const answer of state.recentBy(by)) {
        if (now.has(answer.id) || answer.relation !== 'same') continue;
        const key = this.#classes(answer);
        if (key !== undefined) this.#offered.set(key, undefined);
      }
    }
    if (!this.#offered.has(classes)) this.#offered.set(classes, act);
    const offered = this.#offered.get(classes);
    if (offered === act) return true;
    // What led to it was taken back: then this is the first.
    if (offered === undefined || !state.isUndone(offered)) return false;
    this.#offered.set(classes, act);
    return true;
  }

  /** To name or relabel the fewest images, and to merge the two classes where that is something else. */
  #proposals({ a, b }: StandingAnswer): ClassProposal[] {
    const seen = this.parts.seen();
    const classOf = (image: ImageHash) => seen.get(image)?.class;
    const found = classProposals(a, b, {
      classOf,
      imagesOf: name => [...seen.values()].filter(ref => ref.class === name).map(({ hash }) => hash),
      membersOf: image => this.parts.knowledge.graph.membersOf(image),
    });
    const [small] = found.filter(({ kind }) => kind !== 'merge');
    // Of two as small, the mined negative goes over to the class of what it was compared with.
    const single =
      found.find(
        ({ kind, from, images }) => kind === 'relabel' && from === classOf(b) && images.length === small?.images.length,
      ) ?? small;
    const merge = found.find(({ kind }) => kind === 'merge');
    const isSame = merge && single && merge.from === single.from && merge.images.length === single.images.length;
    return [...(single && !isSame ? [single] : []), ...(merge ? [merge] : [])];
  }
}
