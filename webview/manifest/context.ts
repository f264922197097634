import type { ManifestCommand } from '../../src/rpc/manifest-protocol';
import type { Pictures } from '../ui/pictures';
import type { Verdict } from '../ui/verdicts';
import type { ManifestModel } from './model';

/** What the page's templates may reach. */
export interface ViewContext {
  model: ManifestModel;
  pictures: Pictures;
  answer(place: number, verdict: Verdict): void;
  undo(): void;
  choose(place: number): void;
  openLine(line: number): void;
  run(command: ManifestCommand): void;
}
