import type { Lane } from '../../../src/core/types';
import type { Engine } from '../../../src/host/engineClient';
import { Jobs } from '../../../src/host/jobs';
import { LabelController } from '../../../src/host/label/labelController';
import type { LabelControllerOptions } from '../../../src/host/label/labelController';
import { LABELLING } from '../../host/support/labelling';
import type { ScriptedEngine } from '../../host/support/scriptedEngine';
import { PageHost } from './pageHost';

export { CHROMIUM } from './pageHost';

/** The Label page as it ships, and a browser to load it in. */
export class LabelPageHost {
  readonly #host = new PageHost('label');

  start(): Promise<void> {
    return this.#host.start();
  }

  stop(): Promise<void> {
    return this.#host.stop();
  }

  /** Loads the page, with the real label controller behind it and a scripted engine behind that. */
  async open(
    engine: ScriptedEngine,
    options: Partial<LabelControllerOptions> = {},
    size = { width: 320, height: 720 },
  ) {
    engine.thumbnail = coloured;
    return this.openOn(engine, options, size);
  }

  /** The same on any engine, which gives its own thumbnails. */
  async openOn(engine: Engine, options: Partial<LabelControllerOptions> = {}, size = { width: 320, height: 720 }) {
    const { controller, jobs, ran } = serve(engine, options);
    const loaded = await this.#host.load(transport => controller.connect(transport), size);
    return { ...loaded, controller, jobs, ran };
  }
}

const coloured: ScriptedEngine['thumbnail'] = hash => {
  const hue = (Number.parseInt(hash.slice(-4), 16) * 47) % 360;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="400" height="300"><rect width="400" height="300" fill="hsl(${String(hue)} 40% 60%)"/></svg>`;
  return Promise.resolve({ hash, bytes: Buffer.from(svg), mime: 'image/svg+xml', width: 400, height: 300 });
};

function serve(engine: Engine, options: Partial<LabelControllerOptions>) {
  const jobs = new Jobs();
  const lanes = new Map<string, Lane>();
  const ran: string[] = [];
  const controller = new LabelController({
    engine,
    jobs,
    place: () => Promise.resolve(LABELLING),
    describe: ({ what, progress }) => ({ what, ...(progress && { progress, detail: 'Embedding images' }) }),
    lane: { get: folder => lanes.get(folder), set: (folder, lane) => lanes.set(folder, lane) },
    run: id => ran.push(id),
    onFocus: () => undefined,
    onShown: () => undefined,
    log: { warn: () => undefined },
    ...options,
  });
  return { controller, jobs, ran };
}
