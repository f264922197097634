import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import path from 'node:path';
import { saveModel } from '../../../src/model';
import { completeCard } from '../../../src/model/card';
import { passingFolder } from './bundle';

/** Writes a model as `tf.LayersModel.save` gives it, with a card; returns its folder. */
export async function writeLayersModel(model: LayersModel, card: Record<string, unknown>): Promise<string> {
  let saved: tf.io.ModelArtifacts | undefined;
  await model.save(
    tf.io.withSaveHandler(artifacts => {
      saved = artifacts;
      return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } });
    }),
  );
  const folder = path.join(passingFolder('own'), 'own');
  await saveModel(
    folder,
    {
      format: 'layers-model',
      topology: saved!.modelTopology as object,
      specs: saved!.weightSpecs!,
      weights: tf.io.CompositeArrayBuffer.join(saved!.weightData),
    },
    completeCard(card, 'own', { width: null, height: null, channels: null }),
  );
  return folder;
}
