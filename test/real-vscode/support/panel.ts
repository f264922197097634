import type { FrameLocator } from 'playwright-core';
import { expect } from 'vitest';

export interface Shown {
  id: string;
  /** of the images, in the order of their roles */
  paths: string[];
}

const SOON = 30_000;

/** The Label view as a person meets it: what it shows, and its keys. */
export class LabelPanel {
  constructor(readonly frame: FrameLocator) {}

  get stage() {
    return this.frame.locator('#stage[data-item]');
  }

  /** The item to judge now, once it can be judged: its pictures are there and nothing is on its way to the disk. */
  async shown(timeout = SOON): Promise<Shown> {
    await this.frame.locator('#stage[data-item][aria-busy="false"]').waitFor({ timeout });
    const id = await this.stage.getAttribute('data-item');
    const paths: string[] = [];
    for (const figure of await this.stage.locator('figure').all()) {
      const picture = figure.locator('img');
      await picture.waitFor({ timeout: SOON });
      // A broken picture is there too, but has no size.
      const width = await picture.evaluate(image => (image as unknown as { naturalWidth: number }).naturalWidth);
      expect(width).toBeGreaterThan(0);
      paths.push((await figure.locator('figcaption').getAttribute('title'))!);
    }
    return { id: id!, paths };
  }

  /** Presses a key that answers or undoes, and waits for what is shown next. */
  async press(key: string): Promise<Shown> {
    const before = await this.stage.getAttribute('data-item');
    await this.stage.press(key);
    await this.frame.locator(`#stage[data-item]:not([data-item="${before!}"])`).waitFor({ timeout: SOON });
    return this.shown();
  }

  /** Such as `180 left · 20 answers`. */
  async counts(): Promise<string> {
    return (await this.frame.locator('.counts').textContent()) ?? '';
  }

  /** What the page says where there is nothing to judge. */
  get message() {
    return this.frame.locator('.empty');
  }
}
