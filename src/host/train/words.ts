import * as vscode from 'vscode';
import type { Metric } from '../../core/types';
import type { BackboneChoice, IntervalInfo, LossChoice, TrainParams } from '../../rpc/engine-protocol';

const t = vscode.l10n.t;

interface Words {
  label: string;
  detail: string;
}

/** A base network's name, and what it is for. */
export function backboneWords(backbone: BackboneChoice): Words {
  switch (backbone) {
    case 'resnet':
      return { label: 'resnet', detail: t('small residual network, 64 × 64 in colour: photographs, on any computer') };
    case 'conv4':
      return {
        label: 'conv4',
        detail: t('four convolutions, 28 × 28 grey: characters, symbols, textures; the fastest'),
      };
    case 'mobile':
      return { label: 'mobile', detail: t('depthwise convolutions, 224 × 224 in colour: fine detail; slow to train') };
    case 'koch':
      return {
        label: 'koch',
        detail: t('the network of Koch 2015, 105 × 105 grey: one-shot recognition; large and slow'),
      };
  }
}

/** A loss's name, and what it asks for. */
export function lossWords(loss: LossChoice): Words {
  switch (loss) {
    case 'triplet':
      return { label: t('Triplet'), detail: t('the positive nearer than the negative, by a margin') };
    case 'contrastive':
      return { label: t('Contrastive'), detail: t('the same together, the different a margin apart (Hadsell 2006)') };
    case 'soft-margin':
      return {
        label: t('Soft margin'),
        detail: t('the positive nearer than the negative, the more the better (Hermans 2017)'),
      };
    case 'hoffer-ailon':
      return {
        label: 'Hoffer–Ailon',
        detail: t('the share of the positive in the two distances (Hoffer and Ailon 2015)'),
      };
    case 'cross-entropy':
      return { label: t('Cross-entropy'), detail: t('the probability that two images are the same (Koch 2015)') };
  }
}

/** A distance's name, and its formula in words. */
export function distanceWords(metric: Metric): Words {
  switch (metric) {
    case 'l2':
      return { label: 'L2', detail: t('Euclidean distance') };
    case 'sql2':
      return { label: t('Squared L2'), detail: t('squared Euclidean distance') };
    case 'l1':
      return { label: 'L1', detail: t('sum of absolute differences') };
    case 'weightedL1':
      return { label: t('Weighted L1'), detail: t('sum of absolute differences, with weights that are learned') };
    case 'cosine':
      return { label: t('Cosine'), detail: t('one minus the cosine of the angle') };
  }
}

/** What is learned from. */
export function sourcesWords(use: TrainParams['use']): Words {
  if (use?.includes('mined')) {
    return use.length === 1
      ? { label: t('Mined triplets'), detail: t('those that the model in use, or gone on from, found last') }
      : {
          label: t('Classes, answers and mined triplets'),
          detail: t('also the triplets that the model in use, or gone on from, found last'),
        };
  }
  if (use?.length === 1) {
    return use[0] === 'classes'
      ? { label: t('Classes'), detail: t('what the folders say') }
      : { label: t('Answers'), detail: t('what people judged, and what follows from it') };
  }
  return { label: t('Classes and answers'), detail: t('what the folders say, and what people judged') };
}

export function percent(share: number): string {
  const value = new Intl.NumberFormat(vscode.env.language, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
  return t('{0} %', value.format(100 * share));
}

/** `81.2 % (95 %: 77.4 to 84.6)` */
export function intervalText({ value, low, high }: IntervalInfo): string {
  return t('{0} (95 %: {1} to {2})', percent(value), percent(low), percent(high));
}
