import { access } from 'node:fs/promises';
import path from 'node:path';
import { relationsOfVerdict } from '../core/pairs';
import { verdictOf } from '../core/settled';
import type { ImageHash, Relation, TripletVerdict } from '../core/types';
import { tripletAnswers } from '../dataset/ledger';
import { Locator, readShownRow } from '../manifest';
import type { ShownRow } from '../manifest';
import type { FolderRef } from '../rpc/engine-protocol';
import type {
  ManifestAnswer,
  ManifestImage,
  ManifestRow,
  ManifestSummary,
  ManifestView,
  ManifestWindow,
} from '../rpc/manifest-rows';
import { EngineError } from './errors';
import type { Inventory } from './inventory';
import { ManifestFile } from './manifest-file';
import type { JobOptions } from './progress';
import type { Workspace } from './workspace';

export type ManifestRef = FolderRef & { file: string };

/** At most so many rows go to a page at once. */
const WINDOW_LIMIT = 500;
/** Of a line that is no row, enough to recognise it. */
const SHOWN_TEXT = 400;
/** The folder is looked through again for an image that came later, but not with every row. */
const LOOK_AGAIN_MS = 5000;

/**
 * Manifests as they are looked at: rows out of large files, with what is known of their images, and answers given on
 * them. Every call names the file and the whole view, so that a restart of the engine costs a reading and nothing else.
 */
export class ManifestViews {
  readonly #files = new Map<string, ManifestFile>();
  #located: { inventory: Inventory; fileFolder: string; locator: Locator } | undefined;
  #lookedAt = 0;

  constructor(readonly open: (ref: FolderRef) => Promise<Workspace>) {}

  async summary(ref: ManifestRef, options: JobOptions = {}): Promise<ManifestSummary> {
    const workspace = await this.open(ref);
    await workspace.ledger.refresh();
    const index = await this.#file(ref.file).index(options);
    const { images } = await workspace.inventory(ref.settings);
    const { relations, sources } = index.counts();
    return {
      shape: index.shape,
      rows: index.count,
      broken: index.broken,
      distances: index.distanceRange(),
      relations: [...relations].map(([relation, rows]) => ({ relation, rows })),
      sources: [...sources].map(([source, rows]) => ({ source, rows })),
      classes: [...new Set(images.flatMap(({ class: name }) => name ?? []))].sort(),
    };
  }

  async rows(
    { view, from, count, ...ref }: ManifestRef & { view: ManifestView; from: number; count: number },
    options: JobOptions = {},
  ): Promise<ManifestWindow> {
    const workspace = await this.open(ref);
    let locator = await this.#locator(workspace, ref);
    const { index, rows } = await this.#file(ref.file).rows(view, this.#test(view, workspace, locator), options);
    const start = Math.max(0, Math.min(Math.floor(from), rows.length));
    const places = rows.subarray(start, start + Math.min(Math.max(0, Math.floor(count)), WINDOW_LIMIT));
    const lines = await index.read(places);
    const read = lines.map(line => ({ ...line, parsed: readShownRow(line.text, line.line) }));
    if (await this.#cameLater(workspace, read, locator)) locator = await this.#locator(workspace, ref, true);
    const there = new Map<string, Promise<boolean>>();
    const isThere = (at: string): Promise<boolean> => {
      const known = there.get(at) ?? exists(path.join(workspace.folder, at));
      there.set(at, known);
      return known;
    };
    return {
      total: rows.length,
      from: start,
      rows: await Promise.all(
        read.map(({ row, line, text, parsed }) =>
          parsed ? shownRow(workspace, row, parsed, locator, isThere) : brokenRow(row, line, text),
        ),
      ),
      canUndo: workspace.ledger.state.lastOf(workspace.ledger.by) !== undefined,
    };
  }

  /**
   * Writes what a person says of a row: one answer for two images, two for three, in one act.
   * @throws EngineError `bad-verdict`, `image-gone`, `same-image`, `not-saved`
   */
  async answer({ line, images, verdict, ms, token, ...ref }: ManifestRef & ManifestAnswer): Promise<null> {
    const workspace = await this.open(ref);
    const { ledger } = workspace;
    const paths = images.map(hash => {
      const seen = workspace.seen().get(hash);
      if (!seen) throw new EngineError('image-gone', 'An image of this row is no longer in the folder.');
      return seen.path;
    });
    if (new Set(images).size < images.length) {
      throw new EngineError('same-image', 'Two images of this row are exact copies: there is nothing to answer.');
    }
    const details = {
      why: { lane: 'manifest', manifest: path.basename(ref.file), line },
      ms: Math.max(0, Math.round(ms)),
    };
    const [first, second, third] = images;
    let saved: boolean;
    if (images.length === 2 && isRelation(verdict)) {
      const pair = { a: first, b: second, relation: verdict, paths: [paths[0], paths[1]] as [string, string] };
      ({ saved } = await ledger.answer({ ...pair, ...details }, { token }));
    } else if (images.length === 3 && isTripletVerdict(verdict)) {
      const drafts = tripletAnswers(
        { anchor: first, positive: second, negative: third },
        relationsOfVerdict(verdict),
        details,
        { anchor: paths[0], positive: paths[1], negative: paths[2] },
      );
      ({ saved } = await ledger.append(drafts, { token }));
    } else throw new EngineError('bad-verdict', `“${verdict}” is no verdict on ${images.length} images.`);
    if (!saved) throw new EngineError('not-saved', ledger.unsaved?.reason ?? 'The answer could not be saved.');
    return null;
  }

  async close({ file }: { file: string }): Promise<null> {
    const opened = this.#files.get(file);
    this.#files.delete(file);
    await opened?.close();
    return null;
  }

  async dispose(): Promise<void> {
    await Promise.all([...this.#files.keys()].map(file => this.close({ file })));
  }

  #file(at: string): ManifestFile {
    const file = this.#files.get(at) ?? new ManifestFile(at);
    this.#files.set(at, file);
    return file;
  }

  async #locator(workspace: Workspace, { settings, file }: ManifestRef, anew = false): Promise<Locator> {
    const inventory = anew ? await workspace.takeInventory(settings) : await workspace.inventory(settings);
    const fileFolder = path.dirname(file);
    if (this.#located?.inventory !== inventory || this.#located.fileFolder !== fileFolder) {
      const images = inventory.images.flatMap(({ hash, paths, class: name }) =>
        paths.map(at => ({ hash, path: at, ...(name !== null && { class: name }) })),
      );
      this.#located = { inventory, fileFolder, locator: new Locator(images, workspace.folder, fileFolder) };
    }
    return this.#located.locator;
  }

  /** Whether an image that the folder did not have lies there now. */
  async #cameLater(
    workspace: Workspace,
    rows: readonly { parsed: ShownRow | null }[],
    locator: Locator,
  ): Promise<boolean> {
    if (Date.now() - this.#lookedAt < LOOK_AGAIN_MS) return false;
    const unknown = rows.flatMap(({ parsed }) => parsed?.images.filter(image => !locator.find(image)) ?? []);
    for (const { path: at } of unknown) {
      if (at !== undefined && (await exists(path.resolve(workspace.folder, at)))) {
        this.#lookedAt = Date.now();
        return true;
      }
    }
    return false;
  }

  #test(view: ManifestView, workspace: Workspace, locator: Locator) {
    const { class: name, text, only } = view;
    const wanted = text?.trim().toLowerCase() ?? '';
    if (name === undefined && wanted === '' && only === undefined) return undefined;
    // As it stands in JSON, so that most lines are passed over without being parsed.
    const needle = JSON.stringify(wanted).slice(1, -1);
    const quotedClass = name === undefined ? undefined : JSON.stringify(name);
    const anyAnswer = workspace.ledger.state.answers > 0;
    const classOf = (row: ShownRow, i: number) => row.classes[i] ?? locator.find(row.images[i])?.class;
    return {
      about: JSON.stringify([
        name,
        wanted,
        only,
        // What follows from the folder and the ledger is worked out anew when they change.
        only === 'missing' && this.#inventoryNumber(),
        only === 'differs' && [workspace.ledger.state.answers, workspace.ledger.state.lastOf(workspace.ledger.by)],
      ]),
      quick: (line: string) =>
        (wanted === '' || line.toLowerCase().includes(needle) || line.includes('\\u')) &&
        (quotedClass === undefined ||
          line.includes(quotedClass) ||
          line.includes('\\u') ||
          !line.includes('_class"')) &&
        (only !== 'differs' || anyAnswer),
      also: (row: ShownRow) =>
        (wanted === '' || row.images.some(image => (image.path ?? '').toLowerCase().includes(wanted))) &&
        (name === undefined || row.images.some((_, i) => classOf(row, i) === name)) &&
        (only !== 'missing' || row.images.some(image => !locator.find(image))) &&
        (only !== 'differs' || differs(workspace, row, locator)),
    };
  }

  readonly #numbers = new WeakMap<Inventory, number>();
  #number = 0;
  #inventoryNumber(): number {
    const inventory = this.#located?.inventory;
    if (!inventory) return 0;
    if (!this.#numbers.has(inventory)) this.#numbers.set(inventory, ++this.#number);
    return this.#numbers.get(inventory)!;
  }
}

async function shownRow(
  workspace: Workspace,
  row: number,
  parsed: ShownRow,
  locator: Locator,
  isThere: (path: string) => Promise<boolean>,
): Promise<ManifestRow> {
  const images = await Promise.all(
    parsed.images.map(async (mention, i): Promise<ManifestImage> => {
      const found = locator.find(mention);
      const name = parsed.classes[i] ?? found?.class;
      const there = found !== undefined && (await isThere(found.path));
      return {
        path: mention.path ?? found?.path ?? mention.hash ?? '',
        ...(there && { hash: found.hash }),
        ...(name !== undefined && { class: name }),
      };
    }),
  );
  const { distance, positiveDistance, negativeDistance, lane, by } = parsed.provenance;
  const first = distance ?? positiveDistance;
  const said = saidOf(
    workspace,
    images.map(image => image.hash),
  );
  return {
    row,
    line: parsed.line,
    kind: parsed.kind,
    images,
    claim: claimOf(parsed),
    source: parsed.source ?? null,
    ...(first !== undefined && { distance: first }),
    ...(negativeDistance !== undefined && { negativeDistance }),
    ...(lane !== undefined && { lane }),
    ...(by !== undefined && { by }),
    ...(said && { said }),
  };
}

function brokenRow(row: number, line: number, text: string): ManifestRow {
  return { row, line, kind: 'broken', images: [], claim: null, source: null, text: text.slice(0, SHOWN_TEXT) };
}

function claimOf(row: ShownRow): Relation | TripletVerdict | null {
  if (row.kind === 'pair') return row.relation;
  return row.source === 'mined' ? null : 'good';
}

function differs(workspace: Workspace, row: ShownRow, locator: Locator): boolean {
  const said = saidOf(
    workspace,
    row.images.map(image => locator.find(image)?.hash),
  );
  const claim = claimOf(row);
  return said !== undefined && claim !== null && said.verdict !== claim;
}

/** What the answers say of a row's images: one's own first, else what all of them come to. */
function saidOf(
  { knowledge, ledger }: Workspace,
  images: readonly (ImageHash | undefined)[],
): ManifestRow['said'] | undefined {
  const [anchor, ...others] = images;
  if (anchor === undefined) return undefined;
  const pairs: { relation: Relation; from: 'you' | 'others' | 'implied' }[] = [];
  for (const other of others) {
    if (other === undefined || other === anchor) return undefined;
    const mine = ledger.state.answerOf(anchor, other, ledger.by)?.relation;
    const relation = mine ?? knowledge.known(anchor, other);
    if (relation === undefined) return undefined;
    const from = mine !== undefined ? 'you' : knowledge.isJudged(anchor, other) ? 'others' : 'implied';
    pairs.push({ relation, from });
  }
  const [first, second] = pairs;
  const verdict = second ? verdictOf(first.relation, second.relation) : first.relation;
  if (verdict === undefined) return undefined;
  const from = (['implied', 'others', 'you'] as const).find(each => pairs.some(pair => pair.from === each))!;
  return { verdict, from };
}

function isRelation(verdict: string): verdict is Relation {
  return ['same', 'different', 'incomparable'].includes(verdict);
}

function isTripletVerdict(verdict: string): verdict is TripletVerdict {
  return ['good', 'positive-wrong', 'negative-same', 'both-wrong', 'incomparable'].includes(verdict);
}

function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
