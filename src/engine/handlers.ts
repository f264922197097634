import type { EngineProtocol } from '../rpc/engine-protocol';
import type { CallContext, Handlers } from '../rpc/rpc';
import { transferring } from '../rpc/rpc';
import type { Engine } from './engine';
import { formats, previewImport } from './jobs/import';
import type { JobOptions, Report } from './progress';

declare const __MARGIN_VERSION__: string;

/** The engine's answers to its protocol, one line a call. */
export function engineHandlers(engine: Engine): Handlers<EngineProtocol> {
  const job = ({ signal, progress }: CallContext<Parameters<Report>[0]>): JobOptions => ({
    signal,
    report: progress,
  });
  return {
    hello: () => ({ pid: process.pid, node: process.version, version: __MARGIN_VERSION__ }),
    backend: params => engine.backend(params),
    scan: (params, context) => engine.scan(params, job(context)),
    embed: (params, context) => engine.embed(params, job(context)),
    mine: (params, context) => engine.mine(params, job(context)),
    lanes: params => engine.lanes(params),
    window: params => engine.window(params),
    answer: params => engine.answer(params),
    undo: params => engine.undo(params),
    flag: params => engine.flag(params),
    settle: params => engine.settle(params),
    later: params => engine.later(params),
    takeUpContradictions: params => engine.takeUpContradictions(params),
    acceptOffer: params => engine.acceptOffer(params),
    answers: async ({ query = '', offset, count, ...ref }) => (await engine.review(ref)).answers(query, offset, count),
    correct: async ({ a, b, relation, token, ...ref }) => {
      await (await engine.review(ref)).correct(a, b, relation, token);
      return null;
    },
    undoAct: async ({ id, token, ...ref }) => {
      await (await engine.review(ref)).undo(id, token);
      return null;
    },
    contradictions: async ref => (await engine.review(ref)).contradictions(),
    suspects: async ({ count, ...ref }) => (await engine.review(ref)).suspects(count),
    disagreements: async ref => (await engine.review(ref)).disagreements(),
    flagged: async ref => (await engine.review(ref)).flagged(),
    summary: async ref => (await engine.review(ref)).summary(),
    classProposals: async ({ a, b, ...ref }) => (await engine.review(ref)).proposals(a, b),
    reclass: async ({ images, to, token, ...ref }) => {
      await (await engine.review(ref)).reclass(images, to, token);
      return null;
    },
    thumbnail: async params => {
      const picture = await engine.thumbnail(params);
      return transferring(picture, [picture.bytes.buffer as ArrayBuffer]);
    },
    models: params => engine.models(params),
    export: (params, context) => engine.export(params, job(context)),
    formats: () => formats(),
    import: (params, context) => engine.import(params, job(context)),
    importPreview: ({ file }) => previewImport(file),
    manifestOpen: (params, context) => engine.manifests.summary(params, job(context)),
    manifestRows: (params, context) => engine.manifests.rows(params, job(context)),
    manifestAnswer: params => engine.manifests.answer(params),
    manifestClose: params => engine.manifests.close(params),
    train: (params, context) => engine.train(params, job(context)),
    evaluate: (params, context) => engine.evaluate(params, job(context)),
    clearCache: params => engine.clearCache(params),
  };
}
