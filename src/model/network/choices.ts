/**
 * The base networks: `conv4` (Vinyals 2016; Snell 2017), `koch` (Koch 2015), `resnet` (He 2016, small) and `mobile`
 * (MobileNetV2, Sandler 2018, narrow).
 */
export type Backbone = 'conv4' | 'koch' | 'resnet' | 'mobile';
export const BACKBONES: readonly Backbone[] = ['conv4', 'koch', 'resnet', 'mobile'];

/** What a backbone takes and gives unless told otherwise. */
export const BACKBONE_DEFAULTS: Record<Backbone, { size: number; embeddingSize: number; smallest: number }> = {
  conv4: { size: 28, embeddingSize: 64, smallest: 16 },
  koch: { size: 105, embeddingSize: 4096, smallest: 65 },
  resnet: { size: 64, embeddingSize: 128, smallest: 16 },
  mobile: { size: 224, embeddingSize: 128, smallest: 32 },
};
