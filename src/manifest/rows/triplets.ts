import { type Random, sampleIndices, seeded } from '../../core/splits';
import type { Steps } from '../../core/steps';
import type { ImageHash, Relation } from '../../core/types';
import type { ImageRef, Provenance, RowSource } from '../types';
import { ROW_SOURCES } from '../types';
import { classTriplets, tripletTotal } from './classes';
import type { RowContext } from './context';
import { classedParts } from './pairs';

/** One side of a triplet: the other image, and how the relation is known. */
interface Link {
  image: ImageRef;
  source: RowSource;
  provenance: Provenance;
}

interface Links {
  anchor: ImageRef;
  same: Link[];
  different: Link[];
}

/**
 * Fills the context with triplets. Judged pairs that share an image combine: each `same` with each `different` of an
 * anchor, in both directions of the pair. Where classes are ticked, a judged pair that lacks its other half takes it from
 * the classes. A triplet's source is the weaker of its two halves'.
 */
export function* addTriplets(context: RowContext): Steps<void> {
  const parts = yield* judgedLinks(context);
  const classes = context.from('classes') ? classedParts(context) : [];
  if (context.from('mined')) yield* addMinedTriplets(context);
  yield* combine(context, parts);
  if (context.from('classes')) {
    yield* completeFromClasses(context, parts, classes);
    yield* addClassTriplets(context, classes);
  }
}

/** Every anchor's judged neighbours, by part; anchors in order of their hashes. */
function* judgedLinks(context: RowContext): Steps<Links[][]> {
  const parts = context.plan.names.map(() => new Map<ImageHash, Links>());
  const link = (part: number, anchor: ImageRef, other: Link, relation: Relation): void => {
    let links = parts[part]!.get(anchor.hash);
    if (!links) parts[part]!.set(anchor.hash, (links = { anchor, same: [], different: [] }));
    if (relation !== 'incomparable') links[relation].push(other);
  };
  for (const [key, { relation, source, provenance }] of context.judged) {
    yield;
    if (!context.from(source === 'answer' ? 'answers' : 'implied')) continue;
    const images = context.usable(...(key.split(' ') as ImageHash[]));
    if (!images) continue;
    const [a, b] = images as [ImageRef, ImageRef];
    if (relation === 'incomparable') {
      context.leaveOut('incomparable');
      continue;
    }
    const part = context.partOf(a, b);
    if (part === undefined) {
      context.leaveOut('crosses-parts');
      continue;
    }
    link(part, a, { image: b, source, provenance }, relation);
    link(part, b, { image: a, source, provenance }, relation);
  }
  return parts.map(links => {
    const sorted = [...links.values()].sort((x, y) => (x.anchor.hash < y.anchor.hash ? -1 : 1));
    const byHash = (x: Link, y: Link): number => (x.image.hash < y.image.hash ? -1 : 1);
    for (const { same, different } of sorted) {
      same.sort(byHash);
      different.sort(byHash);
    }
    return sorted;
  });
}

function* combine(context: RowContext, parts: Links[][]): Steps<void> {
  const totals = parts.map(links => links.reduce((n, { same, different }) => n + same.length * different.length, 0));
  const all = totals.reduce((x, y) => x + y, 0);
  for (const [i, links] of parts.entries()) {
    const total = totals[i]!;
    const want = all <= context.limit ? total : Math.round((context.limit * total) / all);
    context.leaveOut('over-limit', total - want);
    const chosen = sampleIndices(total, want, seeded(context.choice.seed, `combine ${context.plan.names[i]!}`));
    let from = 0;
    let next = 0;
    for (const { anchor, same, different } of links) {
      const until = from + same.length * different.length;
      for (; next < chosen.length && chosen[next]! < until; next++) {
        const index = chosen[next]! - from;
        yield;
        const positive = same[Math.floor(index / different.length)]!;
        const negative = different[index % different.length]!;
        addLinked(context, anchor, positive, negative);
      }
      from = until;
    }
  }
}

function addLinked(context: RowContext, anchor: ImageRef, positive: Link, negative: Link): void {
  const source = weaker(positive.source, negative.source);
  const provenance = joinProvenance(positive.provenance, negative.provenance);
  context.add(context.triplet(anchor, positive.image, negative.image, source, provenance));
}

/** Judged pairs whose other half nobody judged: one negative (or positive) each, drawn from the classes. */
function* completeFromClasses(context: RowContext, parts: Links[][], classes: ImageRef[][][]): Steps<void> {
  for (const [i, links] of parts.entries()) {
    const random = seeded(context.choice.seed, `complete ${context.plan.names[i]!}`);
    const all = classes[i]!.flat();
    const members = new Map(classes[i]!.map(group => [group[0]!.class, group]));
    for (const { anchor, same, different } of links) {
      yield;
      if (anchor.class === undefined) continue;
      if (different.length === 0) {
        for (const positive of same) {
          const negative = draw(context, anchor, 'different', all, random);
          if (negative) addLinked(context, anchor, positive, negative);
        }
      }
      if (same.length === 0) {
        for (const negative of different) {
          const positive = draw(context, anchor, 'same', members.get(anchor.class) ?? [], random);
          if (positive) addLinked(context, anchor, positive, negative);
        }
      }
    }
  }
}

/** An image of which nobody has judged what it is to the anchor; gives up after a few misses rather than scan a big folder. */
function draw(
  context: RowContext,
  anchor: ImageRef,
  relation: Relation,
  candidates: readonly ImageRef[],
  random: Random,
): Link | undefined {
  for (let tries = 0; tries < 32 && candidates.length > 0; tries++) {
    const image = candidates[random.below(candidates.length)]!;
    if (image.hash === anchor.hash || context.byClass(anchor, image) !== relation) continue;
    if (!context.known(anchor.hash, image.hash)) return { image, source: 'class', provenance: {} };
  }
  return undefined;
}

function* addMinedTriplets(context: RowContext): Steps<void> {
  for (const row of context.data.mined) {
    yield;
    if (row.kind !== 'triplet') continue;
    const images = context.usable(row.anchor, row.positive, row.negative);
    if (!images) continue;
    const [anchor, positive, negative] = images as [ImageRef, ImageRef, ImageRef];
    const p = context.known(anchor.hash, positive.hash);
    const n = context.known(anchor.hash, negative.hash);
    const isSame = p?.relation ?? context.byClass(anchor, positive);
    const isDifferent = n?.relation ?? context.byClass(anchor, negative);
    if (p && n) context.leaveOut('already-judged');
    else if (isSame === null || isDifferent === null) context.leaveOut('no-relation');
    else if (isSame !== 'same' || isDifferent !== 'different') context.leaveOut('answered-otherwise');
    else context.add(context.triplet(anchor, positive, negative, 'mined', row.provenance ?? {}));
  }
}

function* addClassTriplets(context: RowContext, parts: ImageRef[][][]): Steps<void> {
  const images = parts.reduce((n, part) => n + part.flat().length, 0);
  for (const [i, classes] of parts.entries()) {
    const limit = Math.round((context.limit * classes.flat().length) / Math.max(1, images));
    const total = tripletTotal(classes);
    context.leaveOut('over-limit', total - Math.min(total, limit));
    const random = seeded(context.choice.seed, `class-triplets ${context.plan.names[i]!}`);
    for (const [anchor, positive, negative] of classTriplets(classes, limit, random)) {
      yield;
      const p = context.known(anchor.hash, positive.hash);
      const n = context.known(anchor.hash, negative.hash);
      if ((p && p.relation !== 'same') || (n && n.relation !== 'different')) context.leaveOut('answered-otherwise');
      else context.add(context.triplet(anchor, positive, negative, 'class'));
    }
  }
}

const weaker = (x: RowSource, y: RowSource): RowSource => (ROW_SOURCES.indexOf(x) > ROW_SOURCES.indexOf(y) ? x : y);

/** What both halves agree on; the later of the two times. */
function joinProvenance(positive: Provenance, negative: Provenance): Provenance {
  const agreed = <K extends keyof Provenance>(key: K): Provenance[K] =>
    positive[key] === negative[key] ? positive[key] : undefined;
  const times = [positive.at, negative.at].filter(at => at !== undefined).sort();
  return {
    lane: agreed('lane'),
    model: agreed('model'),
    metric: agreed('metric'),
    positiveDistance: positive.distance,
    negativeDistance: negative.distance,
    margin: agreed('margin'),
    rank: agreed('rank'),
    by: agreed('by'),
    at: times.at(-1),
  };
}
